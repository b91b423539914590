//! What comes from other systems, and what goes to them.

mod escape;
pub mod exports;
pub mod imports;
