//! What a lab has, and where it stands.

pub mod containers;
pub mod locations;
