//! What a lab has, and where it stands.

pub mod availability;
pub mod codes;
pub mod containers;
pub mod locations;
