//! Chemstock: the backend of a chemical inventory mobile app.

pub mod chemistry;
