//! What can be told of the settings without asking anybody, beyond what `config` refuses.

use std::{collections::BTreeSet, net::IpAddr, path::Path};

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use reqwest::Url;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::Finding;
use crate::{
    base::phone::Phone,
    config::{Config, PhoneConfig, SignUp},
};

/// What a random text of 32 bytes has many more of, in any alphabet but those of a handful of letters.
const FEW_DIFFERENT_BYTES: usize = 10;

pub(super) fn secret_key(config: &Config) -> Vec<Finding> {
    const PART: &str = "secret key";
    vec![match &config.secret_key {
        None => Finding::ok(PART, "not set: the first start makes one below DATA_DIR"),
        Some(key) if key.expose_secret().bytes().collect::<BTreeSet<_>>().len() < FEW_DIFFERENT_BYTES => {
            let remedy = "set SECRET_KEY to what `openssl rand -base64 32` prints (it ends all sessions)";
            Finding::problem(PART, "repeats a few letters and can be guessed", remedy)
        }
        Some(_) => Finding::ok(PART, "set"),
    }]
}

pub(super) fn addresses(config: &Config) -> Vec<Finding> {
    vec![proxies(config), public_url(config)].into_iter().chain(authorities(config)).collect()
}

fn authorities(config: &Config) -> Option<Finding> {
    const PART: &str = "authorities";
    Some(match config.authorities.as_ref()?.load() {
        Ok(_) => Finding::ok(PART, "EXTRA_CA_CERTS is believed beside the public ones"),
        Err(wrong) => {
            Finding::problem(PART, wrong, "give the path of a PEM file of certificates, or what stands in one")
        }
    })
}

fn proxies(config: &Config) -> Finding {
    const PART: &str = "proxies";
    let proxies = &config.trusted_proxies;
    let is_wide = |network: &&IpNet| network.prefix_len() < if network.addr().is_ipv4() { 8 } else { 7 };
    if let Some(wide) = proxies.iter().find(is_wide) {
        let found = format!("TRUSTED_PROXIES has {wide}: whoever connects from there invents the client's address");
        return Finding::problem(PART, found, "name the networks of your own proxies only");
    }
    if proxies.is_empty() && config.is_production() {
        let found = "TRUSTED_PROXIES is empty: behind a proxy all clients would share one client's limits";
        return Finding::warning(PART, found, "name the proxy's network, unless clients connect directly");
    }
    Finding::ok(PART, format!("{} trusted networks", proxies.len()))
}

fn public_url(config: &Config) -> Finding {
    const PART: &str = "public URL";
    let production = config.is_production();
    let url = config.public_url.as_deref().and_then(|url| url.parse::<Url>().ok());
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    match url {
        None if production => {
            Finding::warning(PART, "PUBLIC_URL is not set", "set it to the address at which apps reach the server")
        }
        None => Finding::ok(PART, "not set, as in development"),
        Some(_) if is_here && production => {
            Finding::warning(PART, format!("{host} leads nobody here"), "set PUBLIC_URL to the address that apps use")
        }
        Some(url) => Finding::ok(PART, format!("{}://{host}", url.scheme())),
    }
}

pub(super) fn data_dir(config: &Config) -> Vec<Finding> {
    const PART: &str = "data directory";
    if config.is_production() {
        return vec![Finding::ok(PART, "not used in production")];
    }
    let wanted = &config.data_dir;
    let existing = wanted.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    let existing = if existing.as_os_str().is_empty() { Path::new(".") } else { existing };
    vec![match try_to_write(existing) {
        Ok(()) => Finding::ok(PART, format!("{} can be written", wanted.display())),
        Err(error) => {
            let found = format!("{} cannot be written ({})", existing.display(), error.kind());
            Finding::problem(PART, found, "give the server's user the right to, or set DATA_DIR")
        }
    }]
}

fn try_to_write(folder: &Path) -> std::io::Result<()> {
    let probe = folder.join(format!("chemstock-doctor-{}", Uuid::new_v4()));
    std::fs::write(&probe, b"ok")?;
    std::fs::remove_file(probe)
}

pub(super) fn phones(config: &Config, now: DateTime<Utc>) -> Vec<Finding> {
    vec![owner(config), test_numbers(config, now)]
}

/// Whether codes would be sent to it. Nobody's phone is told: it may be shown to others.
fn judge(rules: &PhoneConfig, phone: &str) -> Result<(), &'static str> {
    let allowed = &rules.allowed_countries;
    let phone = Phone::parse(phone, None)?;
    let is_allowed = allowed.is_empty() || allowed.iter().any(|country| phone.country() == Some(*country));
    if is_allowed { Ok(()) } else { Err("is of a country that PHONE_ALLOWED_COUNTRIES leaves out") }
}

fn owner(config: &Config) -> Finding {
    const PART: &str = "owner";
    let Some(phone) = &config.bootstrap_owner_phone else {
        return if config.is_production() && config.sign_up == SignUp::Invite {
            let remedy = "set it for the first login, or run `chemstock owner PHONE`";
            Finding::warning(PART, "BOOTSTRAP_OWNER_PHONE is not set: a new installation has nobody to invite", remedy)
        } else {
            Finding::ok(PART, "no BOOTSTRAP_OWNER_PHONE")
        };
    };
    match judge(&config.phone, phone) {
        Ok(()) => Finding::ok(PART, "BOOTSTRAP_OWNER_PHONE can get codes"),
        Err(why) => Finding::problem(PART, format!("BOOTSTRAP_OWNER_PHONE {why}"), "mend it: nobody could be owner"),
    }
}

fn test_numbers(config: &Config, now: DateTime<Utc>) -> Finding {
    const PART: &str = "test phones";
    let tests = &config.test_phones;
    let count = tests.codes.len();
    let refused = tests.codes.keys().filter_map(|phone| judge(&config.phone, phone).err()).collect::<Vec<_>>();
    if let Some(why) = refused.first() {
        let found = format!("TEST_PHONE_NUMBERS: {} of {count} cannot log in: one {why}", refused.len());
        return Finding::problem(PART, found, "use numbers like +15005550006, or remove them");
    }
    match tests.until {
        _ if count == 0 => Finding::ok(PART, "none"),
        Some(until) if until <= now => {
            Finding::warning(PART, format!("{count}, which ended with TEST_PHONE_NUMBERS_UNTIL"), "remove them")
        }
        Some(until) => Finding::ok(PART, format!("{count}, with fixed codes until {}", until.format("%F"))),
        None => Finding::warning(PART, format!("{count}, with fixed codes for ever"), "set TEST_PHONE_NUMBERS_UNTIL"),
    }
}
