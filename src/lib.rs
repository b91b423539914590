//! Chemstock: the backend of a chemical inventory mobile app, by feature; features stand in groups. This is the map.
//!
//! - [`router`] lists every route and the layers around them; [`worker`] lists the work in the background, which
//!   [`jobs`] shows to people.
//! - [`serve`] goes from the configuration to a server that runs, drains and stops, and has the commands that need the
//!   database; [`doctor`] and [`health`] look at what it depends on.
//! - A **feature** is a folder with the same rooms: `mod.rs` (types, rules, use cases), `http.rs` (handlers),
//!   `store.rs` (SQL). The groups are [`people`], [`catalogue`], [`stock`], [`exchange`]; [`messages`] is a feature by
//!   itself.
//! - [`journal`] keeps every change with before and after, and who made it; its `commit` ends each use case that
//!   writes.
//! - [`auth`] says who is calling: [`auth::Auth`] is a handler's first argument and carries [`platform::app::App`].
//! - [`base`] has the values and errors that everything uses, [`config`] reads the environment, [`clients`] has a file
//!   for each outside party, [`platform`] is the running product, [`web`] is the edge toolkit.
//! - [`chemistry`] is a crate of its own, without I/O.
//!
//! Imports point one way, and a file uses only what stands to the right of it: `main → serve → router, worker → doctor,
//! health, jobs → exchange → stock → catalogue → people → messages → journal → web → auth → platform → clients → config
//! → base → crates/`.

pub mod auth;
pub mod base;
pub mod catalogue;
pub mod clients;
pub mod config;
pub mod doctor;
pub mod exchange;
pub mod health;
pub mod jobs;
pub mod journal;
pub mod messages;
pub mod people;
pub mod platform;
pub mod router;
pub mod serve;
pub mod stock;
pub mod web;
pub mod worker;
