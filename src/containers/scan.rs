//! Any barcode in, a typed answer out: what it is, and what may be done with it.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Code, Container,
    posting::{situation, who},
    rights::allowed,
    store,
};
use crate::{
    auth::{Auth, Viewer},
    chemicals::{self, Chemical},
    chemistry::{Scanned, gs1::SEPARATOR},
    error::{Error, Result},
    locations::{self, Location},
};

#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ScanResult {
    /// One of our bottles.
    Container { container: Box<Container>, allowed_actions: Vec<&'static str> },
    /// A place.
    Location { location: Box<Location>, allowed_actions: Vec<&'static str> },
    /// A CAS number: what the catalogue says, and which bottles of it the lab has.
    Chemical { chemical: Box<Chemical>, containers: Vec<Box<Container>>, allowed_actions: Vec<&'static str> },
    /// A supplier's GS1 label: what it says, and the bottles of that lot.
    Product {
        gtin: Option<String>,
        lot: Option<String>,
        serial: Option<String>,
        expires_on: Option<NaiveDate>,
        containers: Vec<Box<Container>>,
        allowed_actions: Vec<&'static str>,
    },
    /// Nothing that we know.
    Unknown { value: String, allowed_actions: Vec<&'static str> },
}

/// A code of more characters is on no label.
const LONGEST: usize = 512;
/// Bottles shown with a chemical or a lot.
const SHOWN: i64 = 20;

pub async fn scan(by: &Auth<Viewer>, raw: &str) -> Result<ScanResult> {
    if raw.chars().count() > LONGEST {
        return Err(Error::field("/code", format!("must have at most {LONGEST} characters")));
    }
    // A scanner's control characters say nothing, but for the separator of GS1 elements.
    let raw: String = raw.chars().filter(|c| !c.is_control() || *c == SEPARATOR).collect();
    let new_bottle = if by.role() >= crate::auth::Role::Manager { vec!["create_container"] } else { vec![] };
    let mut db = by.app().lookups().await?;
    match Scanned::parse_on(&raw, by.now().date_naive()) {
        Scanned::Own { code } => by_code(by, &mut db, code.as_str(), &raw).await,
        Scanned::Text { value } => by_code(by, &mut db, &value, &value).await,
        Scanned::Cas { cas } => match chemicals::find_by_cas(&mut db, &cas).await? {
            Some(chemical) => {
                let containers = store::of_chemical(&mut db, by.lab_id(), chemical.id, SHOWN).await?;
                Ok(ScanResult::Chemical { chemical: Box::new(chemical), containers, allowed_actions: new_bottle })
            }
            None => Ok(ScanResult::Unknown { value: cas.to_string(), allowed_actions: new_bottle }),
        },
        Scanned::Gs1 { gtin, lot, serial, expires_on, .. } => {
            let containers = match &lot {
                Some(lot) => store::of_lot(&mut db, by.lab_id(), lot, SHOWN).await?,
                None => Vec::new(),
            };
            Ok(ScanResult::Product {
                gtin: gtin.map(|gtin| gtin.to_string()),
                lot,
                serial,
                expires_on,
                containers,
                allowed_actions: new_bottle,
            })
        }
    }
}

/// A label's code belongs to a bottle or to a place. A lab's own old codes are looked up as they are printed.
async fn by_code(by: &Auth<Viewer>, db: &mut sqlx::PgConnection, code: &str, printed: &str) -> Result<ScanResult> {
    if let Some(container) = store::find_by_code(db, by.lab_id(), &[code, printed]).await? {
        let history = store::history(db, container.id, by.time_zone()).await?;
        let allowed_actions = allowed(&situation(&container), &history, &who(by));
        return Ok(ScanResult::Container { container: Box::new(container), allowed_actions });
    }
    if let Some(location) = locations::find_by_code(db, by.lab_id(), code).await? {
        return Ok(ScanResult::Location { location: Box::new(location), allowed_actions: vec!["list_containers"] });
    }
    let allowed_actions = if by.role() >= crate::auth::Role::Manager && printed.parse::<Code>().is_ok() {
        vec!["create_container"]
    } else {
        vec![]
    };
    Ok(ScanResult::Unknown { value: printed.to_owned(), allowed_actions })
}
