//! One-time codes for any purpose: who gets one, how it is sent and kept, and what it takes for one to be believed. The
//! rules follow NIST SP 800-63B-4.

pub use self::{
    failures::unlock,
    http::routes,
    sending::{show_metrics, stops},
};

pub mod app_check;
pub mod challenge;
pub mod channels;
pub mod device;
pub mod failures;
pub mod guess;
pub mod holder;
mod http;
pub mod otp;
pub mod sending;
pub mod store;
pub mod throttle;
mod withheld;
