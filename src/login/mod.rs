//! How one becomes somebody: a code sent to a phone, or a Firebase ID token, traded for a session, which lives by its
//! refresh tokens. (Who is calling is `auth`.)

pub use self::{http::routes, sweep::sweep};

pub mod app_check;
pub mod challenge;
mod firebase;
mod http;
mod otp;
mod sessions;
mod sign_in;
mod store;
mod sweep;
