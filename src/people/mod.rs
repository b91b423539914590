//! Who somebody is, in which labs, and how they come in.

pub mod accounts;
pub mod audit;
pub mod codes;
pub mod contacts;
pub mod labs;
pub mod login;
pub mod sessions;
pub mod users;
