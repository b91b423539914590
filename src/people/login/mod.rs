//! How one becomes somebody: a code sent to a phone, or a Firebase ID token, traded for a session, which lives by its
//! refresh tokens. (Who is calling is `auth`.)

pub use self::{http::routes, sweep::sweep};

mod by_code;
mod firebase;
mod http;
mod proven;
mod sign_in;
mod store;
mod sweep;
