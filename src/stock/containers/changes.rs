//! What an event changed, field by field.

use chemistry::{Density, Gtin, Quantity};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::state::State;

/// The value before and the value after; null is no value.
pub type Change<T> = [Option<T>; 2];

/// `{field: [before, after]}`, each value as the container shows it. A field that is absent is unchanged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "amount": [{"value": "500", "unit": "mL"}, {"value": "487.5", "unit": "mL"}],
    "state": ["in_stock", "opened"], "opened_on": [null, "2027-03-01"]
}))]
pub struct Changes {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Quantity>>>, min_items = 2, max_items = 2)]
    pub amount: Option<Change<Quantity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<State>>>, min_items = 2, max_items = 2)]
    pub state: Option<Change<State>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Uuid>>>, min_items = 2, max_items = 2)]
    pub location_id: Option<Change<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<NaiveDate>>>, min_items = 2, max_items = 2)]
    pub opened_on: Option<Change<NaiveDate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Uuid>>>, min_items = 2, max_items = 2)]
    pub holder_id: Option<Change<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Quantity>>>, min_items = 2, max_items = 2)]
    pub tare: Option<Change<Quantity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Density>>>, min_items = 2, max_items = 2)]
    pub density: Option<Change<Density>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<NaiveDate>>>, min_items = 2, max_items = 2)]
    pub received_on: Option<Change<NaiveDate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<NaiveDate>>>, min_items = 2, max_items = 2)]
    pub expires_on: Option<Change<NaiveDate>>,
    /// This and the fields below: of a receipt alone, which says all that the container came with. Later changes of them
    /// stand in the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Uuid>>>, min_items = 2, max_items = 2)]
    pub chemical_id: Option<Change<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<String>>>, min_items = 2, max_items = 2)]
    pub code: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Quantity>>>, min_items = 2, max_items = 2)]
    pub low_at: Option<Change<Quantity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<String>>>, min_items = 2, max_items = 2)]
    pub lot: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<String>>>, min_items = 2, max_items = 2)]
    pub supplier: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<String>>>, min_items = 2, max_items = 2)]
    pub catalogue_number: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<Gtin>>>, min_items = 2, max_items = 2)]
    pub gtin: Option<Change<Gtin>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Option<String>>>, min_items = 2, max_items = 2)]
    pub note: Option<Change<String>>,
}

/// The part of the changes that has no column of its own in the ledger: most events have none of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_on: Option<Change<NaiveDate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_id: Option<Change<Uuid>>,
    /// Grams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tare: Option<Change<Decimal>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub density: Option<Change<Density>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received_on: Option<Change<NaiveDate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Change<NaiveDate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chemical_id: Option<Change<Uuid>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_at: Option<Change<Quantity>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalogue_number: Option<Change<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<Change<Gtin>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Change<String>>,
}

impl Rest {
    pub fn or_none(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

/// None when both are the same.
pub fn change<T: PartialEq>(before: Option<T>, after: Option<T>) -> Option<Change<T>> {
    (before != after).then_some([before, after])
}
