//! The providers' published contracts, played on the loopback: each file knows what a request must look like and what
//! can be answered, and nothing of our clients.

pub mod aws_sns;
pub mod bird;
pub mod messagebird;
pub mod posted;
pub mod smtp;
pub mod twilio;
pub mod vonage;
pub mod whatsapp;

use chemstock::clients::outbound::Failure;

use super::outside::{Asked, Outside, Reply};

/// One provider, as its documentation has it.
#[derive(Clone, Copy)]
pub struct Contract {
    /// As in `SMS_PROVIDERS`.
    pub name: &'static str,
    /// The variables that set it up, at this address.
    pub vars: fn(url: &str) -> Vec<(&'static str, String)>,
    /// To a request that is as the contract says; another gets the error that the provider would give, which no test
    /// takes for success.
    pub answer: fn(&Asked) -> Reply,
    /// What it calls each of its errors, the answer, and what it means for us.
    pub errors: fn() -> Vec<(&'static str, Reply, Failure)>,
}

impl Contract {
    pub async fn start(self) -> Outside {
        Outside::start(self.answer).await
    }
}
