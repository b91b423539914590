//! A bottle, as it is read and as it is made.

use chemistry::{CasNumber, Density, Gtin, Quantity};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Code, state::State};
use crate::base::{
    dates,
    ids::OwnId,
    text::{Note, Text},
    version::Versioned,
};

/// A bottle.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Container {
    pub id: Uuid,
    pub lab_id: Uuid,
    /// What its label says to a scanner; unique in the lab.
    #[schema(example = "7K3M9QXTD")]
    pub code: String,
    pub chemical: ChemicalRef,
    pub location_id: Option<Uuid>,
    pub state: State,
    pub amount: Quantity,
    pub initial_amount: Quantity,
    /// At or below this it counts as low.
    pub low_at: Option<Quantity>,
    pub is_low: bool,
    /// The empty bottle with its lid.
    pub tare: Option<Quantity>,
    /// Of what is in this bottle, where it differs from the chemical's (g/mL at 20 Cel).
    pub density: Option<Density>,
    pub lot: Option<String>,
    pub supplier: Option<String>,
    pub catalogue_number: Option<String>,
    /// The article that the supplier's barcode names.
    pub gtin: Option<Gtin>,
    pub note: Option<String>,
    #[serde(serialize_with = "dates::day")]
    pub received_on: Option<NaiveDate>,
    #[serde(serialize_with = "dates::day")]
    pub opened_on: Option<NaiveDate>,
    #[serde(serialize_with = "dates::day")]
    pub expires_on: Option<NaiveDate>,
    /// Who has it on loan.
    pub holder_id: Option<Uuid>,
    #[serde(skip)]
    pub(super) came_opened: bool,
    pub version: i32,
    #[serde(serialize_with = "dates::time")]
    pub created_at: DateTime<Utc>,
    #[serde(serialize_with = "dates::time")]
    pub updated_at: DateTime<Utc>,
}

/// The chemical in it, as far as a list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChemicalRef {
    pub id: Uuid,
    /// What the lab calls it, else its name in the catalogue.
    #[schema(example = "acetonitrile")]
    pub name: String,
    /// Its name in the catalogue, where the lab calls it otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue_name: Option<String>,
    pub cas: Option<CasNumber>,
}

impl Versioned for Container {
    fn version(&self) -> i32 {
        self.version
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "chemical_id": "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f",
    "amount": {"value": "500", "unit": "mL"}, "low_at": {"value": "50", "unit": "mL"},
    "lot": "STBK1234", "supplier": "Example Chemicals", "expires_on": "2028-06-30"
}))]
pub struct NewContainer {
    /// Your own UUIDv7, if you like. The same container sent again under its id is not made again.
    #[schema(value_type = Option<Uuid>)]
    pub id: Option<OwnId>,
    pub chemical_id: Uuid,
    pub location_id: Option<Uuid>,
    /// Left out, one is made: 8 characters and a check character, no look-alikes.
    pub code: Option<Code>,
    /// What is in it now. Its unit is the one that the container is kept in.
    pub amount: Quantity,
    pub low_at: Option<Quantity>,
    pub tare: Option<Quantity>,
    pub density: Option<Density>,
    pub lot: Option<Text<100>>,
    pub supplier: Option<Text<200>>,
    pub catalogue_number: Option<Text<100>>,
    /// EAN, UPC or GTIN of the supplier's label; kept with fourteen digits.
    pub gtin: Option<Gtin>,
    pub note: Option<Note>,
    /// No later than today, in the lab's time zone.
    #[serde(default, deserialize_with = "dates::optional")]
    pub received_on: Option<NaiveDate>,
    /// Given for a bottle that is open already. No later than today.
    #[serde(default, deserialize_with = "dates::optional")]
    pub opened_on: Option<NaiveDate>,
    #[serde(default, deserialize_with = "dates::optional")]
    pub expires_on: Option<NaiveDate>,
    /// When it came in; left out, now. No event of the container can lie before it.
    #[serde(default, deserialize_with = "dates::optional")]
    pub occurred_at: Option<DateTime<Utc>>,
}
