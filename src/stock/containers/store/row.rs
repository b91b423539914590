//! A container as it lies in the database, beside its chemical.

use chemistry::{Amount, CasNumber, Density, Gtin, Quantity, Unit};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::stock::containers::{ChemicalRef, Container, State};

pub struct Row {
    pub id: Uuid,
    pub lab_id: Uuid,
    pub code: String,
    pub chemical_id: Uuid,
    pub chemical_name: String,
    pub lab_name: Option<String>,
    pub cas: Option<CasNumber>,
    pub location_id: Option<Uuid>,
    pub state: State,
    pub unit: Unit,
    pub amount: Amount,
    pub initial_amount: Amount,
    pub low_at: Option<Amount>,
    pub is_low: bool,
    /// Grams.
    pub tare: Option<Amount>,
    pub density: Option<Density>,
    pub lot: Option<String>,
    pub supplier: Option<String>,
    pub catalogue_number: Option<String>,
    pub gtin: Option<Gtin>,
    pub note: Option<String>,
    pub received_on: Option<NaiveDate>,
    pub opened_on: Option<NaiveDate>,
    pub expires_on: Option<NaiveDate>,
    pub holder_id: Option<Uuid>,
    pub came_opened: bool,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<Row> for Container {
    fn from(row: Row) -> Self {
        let unit = row.unit;
        let quantity = |value| Quantity { value, unit };
        let (name, catalogue_name) = match row.lab_name {
            Some(name) => (name, Some(row.chemical_name)),
            None => (row.chemical_name, None),
        };
        Self {
            id: row.id,
            lab_id: row.lab_id,
            code: row.code,
            chemical: ChemicalRef { id: row.chemical_id, name, catalogue_name, cas: row.cas },
            location_id: row.location_id,
            state: row.state,
            amount: quantity(row.amount),
            initial_amount: quantity(row.initial_amount),
            low_at: row.low_at.map(quantity),
            is_low: row.is_low,
            tare: row.tare.map(|value| Quantity { value, unit: Unit::Gram }),
            density: row.density,
            lot: row.lot,
            supplier: row.supplier,
            catalogue_number: row.catalogue_number,
            gtin: row.gtin,
            note: row.note,
            received_on: row.received_on,
            opened_on: row.opened_on,
            expires_on: row.expires_on,
            holder_id: row.holder_id,
            came_opened: row.came_opened,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
