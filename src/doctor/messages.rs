//! Messages: does each provider know our credentials, and, if asked, does a test message leave?

use super::Finding;
use crate::{
    base::phone::Phone,
    clients::outbound::{Failure, Refused},
    config::{Channel, Config, Provider},
    messages::probe,
};

const PART: &str = "messages";

pub(super) async fn look(config: &Config) -> Vec<Finding> {
    let mut findings: Vec<_> = probe::check(config).await.into_iter().map(of_provider).collect();
    if config.sms.on(Channel::Email).next().is_some() {
        let found = "SMTP_URL lets people log in by e-mail, which NIST SP 800-63B-4 section 3.1.3.1 rules out";
        findings.push(Finding::warning(PART, found, "remove it, unless a login that may do less is what you want"));
    }
    findings.extend(receipts(config));
    findings
}

fn of_provider((provider, answer): (Provider, Result<(), Refused>)) -> Finding {
    let name = provider.name();
    match answer {
        Ok(()) if provider == Provider::Console => Finding::ok(PART, "codes go to the server's terminal"),
        Ok(()) if provider == Provider::Simulator => Finding::ok(PART, "the simulator plays; nothing is sent"),
        Ok(()) => Finding::ok(PART, format!("{name} knows the credentials")),
        Err(refused) => {
            let found = format!("{name}: {} ({})", said(refused.why), refused.code);
            Finding::problem(PART, found, remedy(refused.why))
        }
    }
}

/// Without receipts nobody learns that a code did not arrive, and the next provider is not asked.
fn receipts(config: &Config) -> Option<Finding> {
    let is_deaf = config.public_url.is_none() && config.sms.providers.iter().any(|provider| provider.is_real());
    is_deaf.then(|| {
        let found = "PUBLIC_URL is not set, so providers cannot say what arrived";
        Finding::warning(PART, found, "set it to the address at which providers reach the server")
    })
}

/// `chemstock doctor --send PHONE`.
pub(super) async fn send(config: &Config, phone: &str) -> Vec<Finding> {
    let region = config.phone.default_region;
    let phone = match Phone::parse(phone, Some(region.as_ref())) {
        Ok(phone) => phone,
        Err(why) => return vec![Finding::problem(PART, format!("the phone {why}"), "give another")],
    };
    let tried = probe::send(config, &phone).await;
    let tell = |(provider, sending): (Provider, Result<_, Refused>)| match sending {
        Ok(_) => Finding::ok(PART, format!("{} took a test message to {}", provider.name(), phone.masked())),
        Err(refused) => {
            let found = format!("{} took no test message: {} ({})", provider.name(), said(refused.why), refused.code);
            Finding::problem(PART, found, remedy(refused.why))
        }
    };
    tried.into_iter().map(tell).collect()
}

fn said(why: Failure) -> &'static str {
    match why {
        Failure::NumberRefused => "the number gets no messages",
        Failure::ConsentWithdrawn => "its holder wants no messages",
        Failure::Blocked => "a rule of the provider forbids it",
        Failure::Misconfigured => "the account, its credentials or the sender are wrong",
        Failure::TryLater => "it cannot be reached, or is busy",
        Failure::Unknown => "its answer cannot be read",
    }
}

fn remedy(why: Failure) -> &'static str {
    match why {
        Failure::NumberRefused | Failure::ConsentWithdrawn => "try another number",
        Failure::Blocked => "look at the country permissions, filters and spending limits of the account",
        Failure::Misconfigured => "compare its variables with the provider's console; see .env.example",
        Failure::TryLater | Failure::Unknown => {
            "let the server reach it by HTTPS, and look at the provider's status page"
        }
    }
}
