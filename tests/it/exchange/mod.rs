//! What comes from other systems.

mod exports;
mod exports_read_back;
pub mod imports;
