//! The search among the bottles of a lab: what the text says, and when that is little, what it may have been meant to
//! say.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Container,
    filter::{ContainerFilter, Key},
    store::{self, LabelAndName, Match},
};
use crate::{
    auth::Keys,
    base::{
        error::{Error, Result},
        page::{List, Page},
    },
    catalogue::chemicals::{self, FEW, Meant, Query},
};

/// The rank of bottles that have one word of the text in the label, and the others in what is in them.
const LABEL_AND_NAME: i32 = 7;
/// In a text of more words nobody writes a label.
const MOST_WORDS: usize = 8;
/// Fewer characters begin too many labels.
const LEAST_OF_LABEL: usize = 3;
/// Matches of this rank and above are of what may have been meant.
const MEANT: i32 = 10;
/// Ranks of what was surely meant: a label or a name that is the text or begins with it, a term that is, or a label
/// beside a name.
const SURE: [i32; 6] = [0, 1, 2, 3, 4, LABEL_AND_NAME];

struct Search<'a> {
    lab_id: Uuid,
    q: &'a str,
    query: Query,
    filter: &'a ContainerFilter,
    keys: &'a Keys,
}

pub async fn list(
    db: &mut PgConnection,
    lab_id: Uuid,
    q: &str,
    filter: &ContainerFilter,
    in_list: List,
    keys: &Keys,
) -> Result<Page<Box<Container>>> {
    if q.chars().count() < 2 {
        return Err(Error::field("?q", "must have at least 2 characters"));
    }
    let search = Search { lab_id, q, query: Query::new(q), filter, keys };
    let most = usize::try_from(filter.limit.count()).unwrap_or(usize::MAX);
    loop {
        let (mut matches, slips) = search.page(db).await?;
        let more = matches.len() > most;
        matches.truncate(most);
        let items = search.rows(db, &matches).await?;
        if items.len() < matches.len() {
            // Somebody has just moved one to where the reader sees nothing.
            continue;
        }
        let last = matches.last().zip(items.last()).filter(|_| more);
        let next_cursor = last.map(|(last, row)| in_list.cursor(Key::of_match(row, last.rank, slips)));
        return Ok(Page { items, next_cursor });
    }
}

impl Search<'_> {
    /// One more than a page holds, if there are as many; and whether it goes on with what may have been meant.
    async fn page(&self, db: &mut PgConnection) -> Result<(Vec<Match>, bool)> {
        let (after, wanted) = (self.filter.key(), self.filter.limit.plus_one());
        let few = i64::try_from(FEW).unwrap_or_default();
        let mut matches = Vec::new();
        let mut slips = after.is_some_and(|after| after.slips);
        if after.is_none_or(|after| after.rank < MEANT) {
            let from = after.unwrap_or_else(|| Key::before_rank(0));
            matches = self.as_typed(db, &from, wanted.max(few)).await?;
            if matches.is_empty() && after.is_none_or(|after| after.rank == LABEL_AND_NAME) {
                let from = after.unwrap_or_else(|| Key::before_rank(LABEL_AND_NAME));
                matches = self.label_and_name(db, &from, wanted).await?;
            }
            slips |= after.is_none() && matches.len() < FEW && !matches.iter().any(|it| SURE.contains(&it.rank));
        }
        let left = wanted - i64::try_from(matches.len()).unwrap_or(wanted);
        if slips && left > 0 {
            // On a later page those of the pages before have to be known, too.
            let known = if after.is_none() { None } else { Some(self.as_typed(db, &Key::before_rank(0), few).await?) };
            let known: Vec<Uuid> = known.as_ref().unwrap_or(&matches).iter().map(|it| it.id).collect();
            let from = after.filter(|after| after.rank >= MEANT).unwrap_or_else(|| Key::before_rank(MEANT));
            matches.extend(self.meant(db, &known, &from, left).await?);
        }
        Ok((matches, slips))
    }

    async fn as_typed(&self, db: &mut PgConnection, after: &Key, most: i64) -> Result<Vec<Match>> {
        store::search(db, self.lab_id, (self.q, &self.query), self.filter, after, most, self.keys.unseen()).await
    }

    /// One word may be a lot or a code, as in `acetonitrile STBK1234`.
    async fn label_and_name(&self, db: &mut PgConnection, after: &Key, most: i64) -> Result<Vec<Match>> {
        let words: Vec<&str> = self.q.split_whitespace().collect();
        let mut texts = LabelAndName { labels: Vec::new(), keys: Vec::new(), words: Vec::new(), exact: Vec::new() };
        if !(2..=MOST_WORDS).contains(&words.len()) {
            return Ok(Vec::new());
        }
        for (at, label) in words.iter().enumerate().filter(|(_, word)| word.chars().count() >= LEAST_OF_LABEL) {
            let others: Vec<&str> = words.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, word)| *word).collect();
            let named = Query::new(&others.join(" "));
            if !named.key.is_empty() {
                texts.labels.push(label);
                texts.words.push(named.words.join(" "));
                texts.exact.push(named.exact.join("\n"));
                texts.keys.push(named.key);
            }
        }
        store::search_label_and_name(db, self.lab_id, &texts, self.filter, after, most, self.keys.unseen()).await
    }

    async fn meant(&self, db: &mut PgConnection, known: &[Uuid], after: &Key, most: i64) -> Result<Vec<Match>> {
        // A label may be mistyped whatever the catalogue says.
        let meant = chemicals::meant(db, &self.query, known.is_empty()).await?.unwrap_or_default();
        let labels = chemicals::labels_one_slip_away(self.q);
        let meant: (&[String], &str, &Meant) = (&labels, &self.query.key, &meant);
        store::search_meant(db, self.lab_id, meant, known, self.filter, after, most, self.keys.unseen()).await
    }

    /// The bottles, in the order of their matches.
    async fn rows(&self, db: &mut PgConnection, matches: &[Match]) -> Result<Vec<Box<Container>>> {
        let keys: Vec<_> = matches.iter().map(|it| (self.lab_id, it.id)).collect();
        let found = store::find_all(db, &keys).await?.into_iter().filter(|it| self.keys.sees(it.location_id));
        let mut found: HashMap<Uuid, Box<Container>> = found.map(|it| (it.id, it)).collect();
        Ok(matches.iter().filter_map(|it| found.remove(&it.id)).collect())
    }
}
