//! Any barcode in, a typed answer out: what it is, and what may be done with it.

use chemistry::{
    CasNumber, Gtin, Label, Quantity, Reading, Scanned,
    barcode::{clean, symbology},
    code_below,
};
use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{Container, posting::allowed_actions, product::of_product, rights::check_registering, store};
use crate::{
    auth::{Auth, Viewer},
    base::{
        dates,
        error::{Error, Result},
    },
    catalogue::chemicals::{self, Chemical},
    stock::{
        codes::{self, Code},
        locations::{self, Location},
    },
};

#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanType {
    /// A bottle of the lab: `container`.
    Container,
    /// A place of the lab: `location`.
    Location,
    /// A CAS number of the catalogue: `chemical`, and the `containers` of it that the lab has.
    Chemical,
    /// A supplier's label: what it says, and the `containers` that are of that product and lot.
    Product,
    /// Nothing that the lab has. `cas` or `gtin` tells that it is such a number.
    #[default]
    Unknown,
}

/// What a code is. `type` tells which of the other fields have a value.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ScanResult {
    pub r#type: ScanType,
    /// What would succeed for you with some valid input.
    #[schema(required = false)]
    allowed_actions: Vec<&'static str>,
    /// The scanned text, of `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<Box<Container>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Box<Location>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chemical: Option<Box<Chemical>>,
    /// Of `chemical` and `product`: what the lab has of it, twenty at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containers: Option<Vec<Box<Container>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cas: Option<CasNumber>,
    /// Fourteen digits, also of an EAN or UPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    gtin: Option<Gtin>,
    /// The number of a parcel or pallet.
    #[serde(skip_serializing_if = "Option::is_none")]
    sscc: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalogue_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<String>,
    /// A best-before date counts, where there is no other.
    #[serde(serialize_with = "dates::day")]
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_on: Option<NaiveDate>,
    #[serde(serialize_with = "dates::day")]
    #[serde(skip_serializing_if = "Option::is_none")]
    best_before_on: Option<NaiveDate>,
    /// What is in it, net.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Quantity>,
    /// The readings of a label that has several, because the scanner left its separators out.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<Reading>>,
}

const CREATE: &str = "create_container";
const CREATE_CHEMICAL: &str = "create_chemical";
const LIST: &str = "list_containers";

/// A code of more characters is on no label.
const LONGEST: usize = 512;
/// Bottles shown with a chemical or a lot.
const SHOWN: i64 = 20;
/// Bottles of one lot that are looked at.
const OF_LOT: i64 = 200;

pub async fn scan(by: &Auth<Viewer>, raw: &str) -> Result<ScanResult> {
    if raw.chars().count() > LONGEST {
        return Err(Error::field("/code", format!("must have at most {LONGEST} characters")));
    }
    let text = clean(raw);
    let mut db = by.app().lookups().await?;
    match find_own(by, &mut db, &text).await? {
        Some(Own::Container(container)) => {
            drop(db);
            return own_container(by, container).await;
        }
        Some(Own::Location(location)) => return Ok(own_location(location)),
        None => {}
    }
    let may_register = check_registering(by.role(), by.policies().registration).is_ok();
    let allowed_actions = if may_register { vec![CREATE] } else { vec![] };
    match Scanned::parse_on(&text, by.now().date_naive()) {
        Scanned::Own { .. } | Scanned::Text { .. } => {
            let value = symbology(&text).1.to_owned();
            let may_be_code = value.parse::<Code>().is_ok();
            let allowed_actions = if may_be_code { allowed_actions } else { vec![] };
            Ok(ScanResult { value: Some(value), allowed_actions, ..ScanResult::default() })
        }
        Scanned::Cas { cas } => {
            let Some(chemical) = chemicals::find_by_cas(&mut db, &cas).await? else {
                let value = Some(cas.to_string());
                let mut allowed_actions = allowed_actions;
                allowed_actions.extend(by.is_cataloguer().then_some(CREATE_CHEMICAL));
                return Ok(ScanResult { value, cas: Some(cas), allowed_actions, ..ScanResult::default() });
            };
            let containers =
                Some(store::of_chemical(&mut db, by.lab_id(), chemical.id, SHOWN, by.keys().unseen()).await?);
            let (r#type, chemical) = (ScanType::Chemical, Some(Box::new(chemical)));
            Ok(ScanResult { r#type, chemical, cas: Some(cas), containers, allowed_actions, ..ScanResult::default() })
        }
        Scanned::Label(label) => {
            let containers = of_label(by, &mut db, &label).await?;
            Ok(ScanResult { allowed_actions, containers: Some(containers), ..ScanResult::from(*label) })
        }
    }
}

impl From<Label> for ScanResult {
    fn from(label: Label) -> Self {
        Self {
            r#type: ScanType::Product,
            gtin: label.gtin,
            sscc: label.sscc,
            catalogue_number: label.catalogue_number,
            lot: label.lot,
            serial: label.serial,
            expires_on: label.expires_on.or(label.best_before_on),
            best_before_on: label.best_before_on,
            amount: label.amount,
            candidates: Some(label.candidates).filter(|candidates| !candidates.is_empty()),
            ..Self::default()
        }
    }
}

async fn of_label(by: &Auth<Viewer>, db: &mut PgConnection, label: &Label) -> Result<Vec<Box<Container>>> {
    let unseen = by.keys().unseen();
    let found = match (&label.lot, &label.gtin) {
        (Some(_), _) => store::of_lot(db, by.lab_id(), label, OF_LOT, unseen).await?,
        (None, Some(gtin)) => store::of_gtin(db, by.lab_id(), gtin.as_str(), SHOWN, unseen).await?,
        (None, None) => Vec::new(),
    };
    let mut containers = of_product(found, label);
    containers.truncate(usize::try_from(SHOWN).unwrap_or_default());
    Ok(containers)
}

/// What has a code of the lab.
enum Own {
    Container(Box<Container>),
    Location(Location),
}

impl Own {
    fn code(&self) -> &str {
        match self {
            Self::Container(it) => &it.code,
            Self::Location(it) => &it.code,
        }
    }
}

/// The lab's own codes come before any other reading of what was scanned, of what was printed, and of the code in an
/// address of this installation, present or former: that of another one means nothing here.
async fn find_own(by: &Auth<Viewer>, db: &mut PgConnection, text: &str) -> Result<Option<Own>> {
    let printed = symbology(text).1;
    let config = &by.app().config;
    let mut addresses = config.public_url.iter().chain(&config.former_public_urls);
    let inner = addresses.find_map(|address| code_below(address, printed)).unwrap_or(printed);
    let mut known: Vec<String> = Vec::with_capacity(3);
    // As codes are kept: without the invisible characters that a scanner or a paste may bring along.
    for code in [text, printed, inner].into_iter().filter_map(|code| code.parse::<Code>().ok()) {
        if !known.contains(&code.to_string()) {
            known.push(code.into());
        }
    }
    let texts: Vec<&str> = known.iter().map(String::as_str).collect();
    let Some(first) = texts.first() else { return Ok(None) };
    let unseen = by.keys().unseen();
    let containers = store::find_by_code(db, by.lab_id(), &texts, unseen).await?;
    let is_found = containers.iter().any(|it| it.code == *first);
    let mut found: Vec<_> = containers.into_iter().map(|it| Own::Container(Box::new(it))).collect();
    if !is_found {
        let locations = locations::find_by_code(db, by.lab_id(), &texts, unseen).await?;
        found.extend(locations.into_iter().map(Own::Location));
    }
    codes::choose(&texts, found, Own::code)
}

/// Of its ledger more than the end may have to be read, so it is read where lists are.
async fn own_container(by: &Auth<Viewer>, container: Box<Container>) -> Result<ScanResult> {
    let allowed_actions = allowed_actions(&mut *by.lists().await?, by, &container).await?;
    let container = Some(container);
    Ok(ScanResult { r#type: ScanType::Container, container, allowed_actions, ..ScanResult::default() })
}

fn own_location(location: Location) -> ScanResult {
    let location = Some(Box::new(location));
    ScanResult { r#type: ScanType::Location, location, allowed_actions: vec![LIST], ..ScanResult::default() }
}
