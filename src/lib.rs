//! Chemstock: the backend of a chemical inventory mobile app. One crate, by feature; this is the map.
//!
//! - [`router`] lists every route and the layers around them; [`worker`] lists the work in the background.
//! - A **feature** is a folder with the same rooms: `mod.rs` (types, rules, use cases), `http.rs` (handlers), `store.rs`
//!   (SQL). They are [`login`], [`messages`], [`users`], [`labs`], [`chemicals`], [`locations`], [`containers`].
//! - [`auth`] says who is calling: [`auth::Auth`] is a handler's first argument and carries [`app::App`].
//! - [`chemistry`] is the domain without I/O; [`web`] is the edge toolkit; [`error`] is what can go wrong.
//! - Imports point one way: `main → router, worker → features (http → mod → store) → auth → app → clients, tokens,
//!   clock, config`, and nothing points back.

pub mod app;
pub mod auth;
pub mod batch;
pub mod chemicals;
pub mod chemistry;
pub mod clients;
pub mod clock;
pub mod config;
pub mod containers;
pub mod dates;
pub mod doctor;
pub mod email;
pub mod embedded;
pub mod enumeration;
pub mod error;
pub mod health;
pub mod ids;
pub mod imports;
pub mod labs;
pub mod lanes;
pub mod language;
pub mod locations;
pub mod login;
pub mod messages;
pub mod migrations;
pub mod page;
pub mod panics;
pub mod patch;
pub mod phone;
pub mod router;
pub mod secrets;
pub mod serve;
pub mod stdout;
pub mod stops;
pub mod telemetry;
pub mod text;
pub mod tokens;
pub mod typed;
pub mod users;
pub mod web;
pub mod worker;
