//! The edge toolkit that every `http.rs` uses: extractors that refuse with a problem, answers that carry an `ETag`, the
//! problem format itself, and repeats by `Idempotency-Key`. It is the only place that knows both `Error` and HTTP.

mod answer;
mod catalogue;
mod clearing;
mod client;
pub mod connections;
mod digests;
pub mod docs;
pub mod document;
mod each;
mod etag;
mod extract;
mod faults;
mod host;
pub mod idempotency;
mod json;
mod language;
mod observe;
pub mod pace;
mod paging;
mod problem;
mod quota;
mod reading;
mod sentence;
pub mod stream;
mod strict;
mod unreadable;
pub mod upload;
mod wire;

pub use answer::{NoContent, Tagged, Unstored, unstored};
pub use catalogue::{Kind, kinds};
pub use document::Failures;
pub use each::Each;
pub use etag::{IfMatch, conditions};
pub use extract::{Json, Path, Query};
pub use host::require_host;
pub use observe::{X_REQUEST_ID, observe};
pub use paging::PageQuery;
pub use problem::{Problem, fallback, from_panic, method_not_allowed};
pub use quota::{RATE_LIMIT, RATE_LIMIT_POLICY};
