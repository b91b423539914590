//! A page of a list of containers, by the index that serves it.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Container,
    filter::{ContainerFilter, Key},
    search, store,
};
use crate::{
    auth::Keys,
    base::{error::Result, page::Page},
};

/// What is there and what is gone are two ranges of each index, each in the order of the list.
pub async fn list(
    db: &mut PgConnection,
    lab_id: Uuid,
    filter: &ContainerFilter,
    keys: &Keys,
) -> Result<Page<Box<Container>>> {
    let in_list = filter.list(lab_id)?;
    if let Some(q) = &filter.q {
        return search::list(db, lab_id, q.as_str(), filter, in_list, keys).await;
    }
    let mut rows = Vec::new();
    for gone in filter.gone() {
        rows.extend(part(db, lab_id, filter, *gone, keys.unseen()).await?);
    }
    if filter.gone().len() > 1 {
        let order = filter.order();
        rows.sort_by(|a, b| order.compare(a, b));
        // It may have gone in between.
        rows.dedup_by_key(|it| it.id);
    }
    Ok(in_list.page(rows, filter.limit, |last| Key::of(last)))
}

/// The condition that narrows most chooses the index; the query checks the others.
async fn part(
    db: &mut PgConnection,
    lab: Uuid,
    filter: &ContainerFilter,
    gone: bool,
    unseen: &[Uuid],
) -> Result<Vec<Box<Container>>> {
    match (filter.location_id, filter.chemical_id, filter.expiring_before) {
        (Some(place), None, None) => store::in_location(db, lab, place, filter, gone, unseen).await,
        (Some(place), None, Some(day)) => store::expiring_in_location(db, lab, place, day, filter, gone, unseen).await,
        (Some(place), Some(chemical), None) => {
            store::with_chemical_in_location(db, lab, chemical, place, filter, gone, unseen).await
        }
        (place, Some(chemical), Some(day)) => {
            store::with_chemical_expiring(db, lab, chemical, (day, place), filter, gone, unseen).await
        }
        (None, Some(chemical), None) => store::with_chemical(db, lab, chemical, filter, gone, unseen).await,
        (None, None, Some(day)) => store::expiring(db, lab, day, filter, gone, unseen).await,
        (None, None, None) => match filter.state {
            // What is gone is never low.
            _ if filter.low => {
                if gone {
                    Ok(Vec::new())
                } else {
                    store::low(db, lab, filter, unseen).await
                }
            }
            Some(state) => store::in_state(db, lab, state, filter, unseen).await,
            None => store::all(db, lab, filter, gone, unseen).await,
        },
    }
}
