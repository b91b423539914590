//! What comes from other systems.

mod exports;
pub mod imports;
