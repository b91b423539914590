//! Who has a chemical: the caller's own labs, and those that show the others how much they have (policy `sharing`).

use chemistry::Unit;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::http::routes;
use crate::{
    auth::{Anyone, Auth},
    base::{
        error::{Error, Result},
        page::{Cursor, Limit, List, Page},
    },
};

mod http;
mod store;

/// A lab that has a chemical.
#[derive(Debug, Serialize, ToSchema)]
pub struct Availability {
    pub lab_id: Uuid,
    #[schema(example = "Organic Synthesis")]
    pub lab_name: String,
    /// Whether you belong to it.
    pub is_own: bool,
    /// All that it has, in each unit in which its containers are kept.
    #[schema(value_type = Vec<Total>)]
    pub amounts: Json<Vec<Total>>,
    /// Whom to ask there, as the lab says it.
    #[schema(required = true, example = "Stockroom, room 114, extension 4711")]
    pub contact: Option<String>,
}

/// What several containers hold together, which may be more than one can hold.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Total {
    #[schema(example = "1250.5")]
    pub value: String,
    pub unit: Unit,
}

/// Who belongs to no lab sees none.
pub async fn list(
    by: &Auth<Anyone>,
    chemical_id: Uuid,
    limit: Limit,
    after: Option<Cursor<Uuid>>,
) -> Result<Page<Availability>> {
    let list = List::new("availability", &chemical_id);
    let after = list.after(after)?.unwrap_or(Uuid::nil());
    // Labs and keys as they were read together: in a lab that the caller has just joined, their keys are not known yet.
    let (own, unseen) = (by.labs(), by.unseen_anywhere());
    let mut db = by.lists().await?;
    let rows = store::page(&mut db, chemical_id, (&own, by.now()), after, limit.plus_one(), &unseen).await?;
    if rows.is_empty() && !store::is_chemical(&mut db, chemical_id).await? {
        return Err(Error::NotFound("chemical"));
    }
    Ok(list.page(rows, limit, |lab| lab.lab_id))
}
