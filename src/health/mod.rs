//! What the product says of itself without a token: health, keys, metrics, the pages on problems.

mod http;
mod readiness;

pub use http::routes;
