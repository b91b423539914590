//! Addresses: of other services, of ourselves and of the browsers that may call us.

use std::net::IpAddr;

use reqwest::Url;

use super::vars::Vars;

const OUTSIDE: &str = "an https:// URL (http:// only on localhost)";

/// Credentials and codes go to these addresses, so plain HTTP must not leave the machine.
pub(super) fn is_secure_or_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    match url.scheme() {
        "https" => !host.is_empty(),
        "http" => host == "localhost" || ip.is_some_and(|ip| ip.is_loopback()),
        _ => false,
    }
}

/// An address of another service, without a slash at its end, so that clients can append a path.
pub(super) fn outside(vars: &mut Vars, name: &'static str, default: &str) -> String {
    let url = vars.parsed(name, OUTSIDE, |text| {
        Url::parse(text).ok().filter(is_secure_or_local)?;
        Some(text.trim_end_matches('/').to_owned())
    });
    url.unwrap_or_else(|| default.to_owned())
}

/// An `http://` or `https://` address without a slash at its end.
pub(super) fn web(vars: &mut Vars, name: &'static str) -> Option<String> {
    vars.parsed(name, "an http:// or https:// URL without query", plain)
}

/// Several of them, separated by commas.
pub(super) fn webs(vars: &mut Vars, name: &'static str) -> Vec<String> {
    let wanted = "http:// or https:// URLs without query, separated by commas";
    let all = vars.parsed(name, wanted, |text| text.split(',').map(|url| plain(url.trim())).collect());
    all.unwrap_or_default()
}

fn plain(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let known = matches!(url.scheme(), "http" | "https") && url.has_host();
    (known && plain).then(|| text.trim_end_matches('/').to_owned())
}

/// A URL of a server with one of the given schemes; it may hold a password.
pub(super) fn has_scheme(text: &str, schemes: &[&str]) -> bool {
    Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()))
}

/// An origin as a browser sends it: scheme, host, perhaps a port, and nothing behind. Web views of mobile apps
/// have schemes of their own (`capacitor://localhost`), which URL parsers call opaque.
fn origin(text: &str) -> Option<String> {
    if text == "*" {
        return Some(text.to_owned());
    }
    let (scheme, authority) = text.split_once("://")?;
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    let authority_ok = !authority.is_empty()
        && authority.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._:[]".contains(c));
    let url = Url::parse(text).ok()?;
    // Browsers leave a default port out.
    let exact = !matches!(scheme, "http" | "https") || url.origin().ascii_serialization() == text;
    (scheme_ok && authority_ok && exact).then(|| text.to_owned())
}

pub(super) fn cors_origins(vars: &mut Vars) -> Vec<String> {
    let expected = "origins like https://app.example.org, comma-separated";
    let origins = vars.list("CORS_ORIGINS", expected, origin);
    if origins.len() > 1 && origins.iter().any(|origin| origin == "*") {
        vars.problem("CORS_ORIGINS", "has * beside other origins", "give * alone, or list the origins");
    }
    origins
}
