//! Who somebody is, in which labs, and how they come in.

mod labs;
pub mod login;
