//! Who somebody is, in which labs, and how they come in.

pub mod labs;
pub mod login;
pub mod users;
