//! What a supplier's label says, in whichever of the standards it is written.

use chrono::NaiveDate;
use serde::Serialize;

use super::{gtin::Gtin, quantity::Quantity};

/// A field that the label lacks is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    pub gtin: Option<Gtin>,
    /// The number of a whole pallet or parcel.
    pub sscc: Option<String>,
    pub catalogue_number: Option<String>,
    pub lot: Option<String>,
    pub serial: Option<String>,
    pub expires_on: Option<NaiveDate>,
    pub best_before_on: Option<NaiveDate>,
    /// What is in it, net.
    pub amount: Option<Quantity>,
    /// Where the rest of the label can be read in several ways: these.
    pub candidates: Vec<Reading>,
}

/// One of several readings of a label without separators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "utoipa", derive(utoipa::ToSchema), schema(as = ScanReading))]
pub struct Reading {
    pub lot: Option<String>,
    pub serial: Option<String>,
    pub expires_on: Option<NaiveDate>,
}

impl Label {
    pub(super) fn of(gtin: Gtin) -> Self {
        Self { gtin: Some(gtin), ..Self::default() }
    }

    pub(super) fn unless_empty(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}
