//! The running product.

mod jobs;
mod lanes;
