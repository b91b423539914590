//! The edge of the product: connections and their end, repeats, readiness, what a start says, metrics and traces.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod broken_connections;
mod commands;
mod connections;
mod repeats;
mod stops;
mod telemetry;
