//! What comes from other systems.

pub mod imports;
