//! What the product says of itself without a token: health, keys, metrics, the pages on problems.

mod http;

pub use http::routes;
