//! What a lab has, and where it stands.

mod availability;
pub mod containers;
pub mod locations;
