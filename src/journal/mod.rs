//! The journal: one line for each change that a user can see. This part reads the lines: the notary gives them their order
//! and their hashes.

mod canonical;
mod lines;
pub mod notary;
