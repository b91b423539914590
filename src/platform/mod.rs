//! The running product: its database, the work that shares a statement, what it tells of itself.

pub mod app;
pub mod batch;
mod connecting;
pub mod deeds;
pub mod embedded;
pub mod jobs;
pub mod lanes;
pub mod migrations;
pub mod panics;
pub mod stdout;
pub mod telemetry;
