//! Chemistry: identifiers, formulas, amounts and codes as values that parse themselves.
//!
//! Pure: no I/O, no clock. A value that exists is valid, so a bad
//! one is refused where it enters, with a message that says what to do about it.

pub mod barcode;
pub mod cas;
pub mod container_code;
pub mod conversion;
pub mod decimal;
pub mod density;
pub mod ec;
pub mod form;
pub mod formula;
pub mod gtin;
pub mod inchikey;
pub mod molar_mass;
pub mod quantity;
pub mod unit;

mod atomic_weights;
mod cas_date;
mod cas_repair;
mod form_isotopes;
mod form_of_formula;
mod form_tokens;
mod form_words;
mod formula_capitals;
mod formula_cations;
#[cfg(feature = "sqlx")]
mod formula_column;
mod formula_doubts;
mod formula_error;
mod formula_groups;
mod formula_parser;
mod formula_readings;
mod formula_states;
mod formula_sums;
mod formula_text;
pub mod gs1;
mod gs1_date;
mod gs1_link;
mod gs1_measure;
mod gs1_readings;
mod gs1_table;
mod hibc;
mod hill;
pub mod iso15434;
pub mod label;
#[cfg(feature = "sqlx")]
mod numeric;
mod own_code;
mod smiles;
mod text;
mod unit_spelling;

#[cfg(test)]
mod tests;

pub use barcode::Scanned;
pub use cas::CasNumber;
pub use container_code::{ContainerCode, canonical_code};
pub use conversion::{Converted, Factors, Inconvertible, Used};
pub use density::Density;
pub use ec::EcNumber;
pub use form::{Difference, Form};
pub use formula::Formula;
pub use formula_readings::{formulas, readings, strict as strict_formula};
pub use gtin::Gtin;
pub use inchikey::InChIKey;
pub use label::{Label, Reading};
pub use molar_mass::MolarMass;
pub use own_code::code_below;
pub use quantity::{Amount, Quantity};
pub use text::{is_dash, is_digits};
pub use unit::{Dimension, Unit};

/// The examples of the README are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
