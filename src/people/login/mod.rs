//! How one becomes somebody: a code sent to a phone, or a Firebase ID token, traded for a session, which lives by its
//! refresh tokens. (Who is calling is `auth`.)

pub use self::{
    accounts::make_owner,
    audit::write_noted,
    failures::unlock,
    http::routes,
    sending::{show_metrics, stops},
    sweep::sweep,
};

mod accounts;
pub mod app_check;
mod audit;
pub mod challenge;
mod channels;
mod device;
mod email_change;
mod failures;
mod firebase;
mod guess;
mod holder;
mod http;
mod otp;
mod phone_change;
mod sending;
mod sessions;
mod sign_in;
mod store;
mod sweep;
mod throttle;
mod withheld;
