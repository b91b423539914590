//! The running product.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

mod jobs;
mod lanes;
mod migrations;
mod silence;
