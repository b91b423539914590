//! Values and errors that everything uses, without I/O.

pub mod address;
pub mod clock;
pub mod dates;
pub mod email;
pub mod enumeration;
pub mod error;
pub mod ids;
pub mod language;
pub mod made;
pub mod page;
pub mod patch;
pub mod phone;
pub mod quota;
pub mod secrets;
pub mod text;
pub mod tokens;
pub mod typed;
pub mod version;
