//! The running product.

mod jobs;
mod lanes;
mod migrations;
mod reports;
mod silence;
