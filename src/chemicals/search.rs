//! The search of the catalogue: what the text is, then what begins with it, then names with all its words; and when
//! these are few and the text is no name, what it may have been meant to be. It answers the best matches, on one page.

use sqlx::PgConnection;

use super::{
    Chemical,
    query::{Correction, Meant, Query, WORDS_TRIED, slips_of},
    store::search as store,
};
use crate::{
    auth::{Anyone, Auth},
    error::{Error, Result},
    page::{Limit, Page},
    text::Text,
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
        if items.len() < FEW.min(usize::try_from(most).unwrap_or(FEW))
            && !items.iter().any(|chemical| query.is_of_name(&chemical.name))
            && let Some(meant) = meant(&mut db, &query).await?
        {
            let known: Vec<_> = items.iter().map(|chemical| chemical.id).collect();
            let left = most - i64::try_from(items.len()).unwrap_or(most);
            items.extend(store::search_meant(&mut db, &meant, &known, left).await?);
        }
    }
    Ok(Page { items, next_cursor: None })
}

/// What a search may have been meant to be; none when the catalogue has it as it stands, so that ethanol does not bring
/// methanol with it.
pub async fn meant(db: &mut PgConnection, query: &Query) -> Result<Option<Meant>> {
    let known = store::known(db, query).await?;
    if known.is_term {
        return Ok(None);
    }
    let tried = query.words_to_try(&known.words);
    debug_assert!(tried.len() <= WORDS_TRIED, "each costs some thousand look-ups");
    let (slips, slip_of) = slips_of(&tried);
    let corrections = store::corrections(db, &slips, &slip_of).await?;
    let corrections = corrections.into_iter().filter_map(|(n, meant)| {
        let typed = usize::try_from(n).ok().and_then(|n| tried.get(n.checked_sub(1)?))?;
        Some(Correction { typed: (*typed).clone(), meant })
    });
    let meant = query.meant(&corrections.collect::<Vec<_>>());
    Ok((!meant.is_empty()).then_some(meant))
}
