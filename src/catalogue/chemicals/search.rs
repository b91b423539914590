//! The search of the catalogue: what the text is, then what begins with it, then names with all its words; and when the
//! text may be a slip, what it may have been meant to be. It answers the best matches, on one page.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Chemical,
    query::{Correction, Meant, Query, slips_of},
    store::search::{self as store, Known},
};
use crate::{
    auth::{Anyone, Auth},
    base::{
        error::{Error, Result},
        page::{Limit, Page},
        text::Text,
    },
};

const FOUND: i64 = 20;
/// Fewer hits than these may be by chance: some catalogue has every slip as somebody's synonym.
pub const FEW: usize = 5;

pub async fn search(by: &Auth<Anyone>, q: &Text<200>, limit: Option<Limit>) -> Result<Page<Chemical>> {
    if q.as_str().chars().count() < 2 {
        return Err(Error::field("?q", "must have at least 2 characters"));
    }
    let query = Query::new(q.as_str());
    let mut items = Vec::new();
    if !query.key.is_empty() {
        let most = limit.map_or(FOUND, Limit::count);
        let mut db = by.lists().await?;
        items = store::search(&mut db, &query, most).await?;
        if may_be_a_slip(&query, &items) {
            add_meant(&mut db, &query, &mut items, most).await?;
        }
    }
    Ok(Page { items, next_cursor: None })
}

/// As far as the names tell that were found. Who types a name from its beginning has found it when some begin so; but
/// `uinoline` stands inside of many names, and `ethy lactate` begins the words of some.
fn may_be_a_slip(query: &Query, found: &[Chemical]) -> bool {
    let begin = found.iter().take(FEW).filter(|chemical| query.begins(&chemical.name)).count();
    begin < FEW && !found.iter().any(|chemical| query.is_in_name(&chemical.name))
}

/// Puts chemicals that are called what may have been meant behind those that begin with the text, before those that
/// only have its words. When what was found may be by chance, others that may have been meant follow at the end.
async fn add_meant(db: &mut PgConnection, query: &Query, items: &mut Vec<Chemical>, most: i64) -> Result<()> {
    let may_be_by_chance = items.len() < FEW && !items.iter().any(|chemical| query.begins_words_of(&chemical.name));
    let known = store::known(db, query, &ids(items)).await?;
    if known.begin >= FEW {
        return Ok(());
    }
    let found_nothing = items.is_empty();
    let Some(meant) = guess(db, query, &known, found_nothing).await? else { return Ok(()) };
    // Of two words that nothing has together one may be a slip; to look for more of them costs more than it finds.
    let may_be_wrong = found_nothing && query.words.len() == 2;
    let are_right = query.has_known_words(&known.words) && !may_be_wrong;
    let only_words = items.split_off(known.begin);
    items.extend(store::search_meant(db, &meant, &ids(items), left(items, most)).await?);
    let known = ids(items);
    items.extend(only_words.into_iter().filter(|chemical| !known.contains(&chemical.id)));
    items.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    if may_be_by_chance && left(items, most) > 0 && !are_right {
        items.extend(store::search_near(db, &meant, &ids(items), left(items, most)).await?);
    }
    Ok(())
}

fn ids(items: &[Chemical]) -> Vec<Uuid> {
    items.iter().map(|chemical| chemical.id).collect()
}

fn left(items: &[Chemical], most: i64) -> i64 {
    most - i64::try_from(items.len()).unwrap_or(most)
}

/// What a search may have been meant to be.
pub async fn meant(db: &mut PgConnection, query: &Query, found_nothing: bool) -> Result<Option<Meant>> {
    let known = store::known(db, query, &[]).await?;
    guess(db, query, &known, found_nothing).await
}

/// None when the catalogue has it as it stands, so that ethanol does not bring methanol with it.
async fn guess(db: &mut PgConnection, query: &Query, known: &Known, found_nothing: bool) -> Result<Option<Meant>> {
    if known.is_term {
        return Ok(None);
    }
    let mut corrections = Vec::new();
    for typed in query.words_to_try(&known.words, found_nothing) {
        let slips = slips_of(typed, &known.words);
        if !slips.is_empty() {
            let words = store::corrections(db, &slips).await?.into_iter().filter(|word| word != typed);
            corrections.extend(words.map(|meant| Correction { typed, meant }));
        }
    }
    let meant = query.meant(&corrections);
    Ok((!meant.is_empty()).then_some(meant))
}
