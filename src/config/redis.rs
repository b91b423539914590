//! Where one-time codes and limits are kept.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::urls::has_scheme;
use super::vars::Vars;

/// URLs as the redis crate reads them: `redis://` or, with TLS, `rediss://`.
#[derive(Debug, Clone)]
pub enum RedisConfig {
    Single { url: SecretString },
    Cluster { nodes: Vec<SecretString> },
}

const SCHEMES: [&str; 2] = ["redis", "rediss"];
const WAYS: &str = "set one of REDIS_HOST, REDIS_URL and REDIS_CLUSTER_NODES";

pub(super) fn read(vars: &mut Vars) -> Option<RedisConfig> {
    let password = vars.secret("REDIS_PASSWORD");
    one_way(vars, password.is_some());
    let url = vars.parsed("REDIS_URL", "a redis:// or rediss:// URL", |text| {
        has_scheme(text, &SCHEMES).then(|| SecretString::from(text))
    });
    let nodes = nodes(vars);
    let host = host(vars);
    if let Some(url) = url {
        return Some(RedisConfig::Single { url });
    }
    let password = password.as_ref();
    if !nodes.is_empty() {
        let nodes = nodes.into_iter().map(|node| with_password(node, password)).collect();
        return Some(RedisConfig::Cluster { nodes });
    }
    Some(RedisConfig::Single { url: with_password(host?, password) })
}

fn one_way(vars: &mut Vars, has_password: bool) {
    let names = ["REDIS_HOST", "REDIS_URL", "REDIS_CLUSTER_NODES"];
    let given: Vec<&str> = names.into_iter().filter(|name| vars.text(name).is_some()).collect();
    match given.as_slice() {
        [] if has_password => vars.problem("REDIS_PASSWORD", "is set without a server", WAYS),
        [first, others @ ..] if !others.is_empty() => {
            vars.problem(first, format!("is set together with {}", others.join(", ")), WAYS);
        }
        _ => {}
    }
}

fn nodes(vars: &mut Vars) -> Vec<Url> {
    let expected = "host:port or redis:// or rediss:// URLs, comma-separated";
    vars.list("REDIS_CLUSTER_NODES", expected, |text| {
        let has_scheme = text.contains("://");
        let url = if has_scheme { text.to_owned() } else { format!("redis://{text}") };
        Url::parse(&url).ok().filter(|url| SCHEMES.contains(&url.scheme()) && url.has_host())
    })
}

/// `REDIS_HOST`, `REDIS_PORT` and `REDIS_DB` as a URL. Without a host the other two are not looked at: a platform
/// that gives a URL may give them as well, in its own form (a Kubernetes service named "redis" sets
/// `REDIS_PORT=tcp://…`).
fn host(vars: &mut Vars) -> Option<Url> {
    let (port, database) = if vars.text("REDIS_HOST").is_some() {
        (vars.number("REDIS_PORT", 1..=u16::MAX, 6379), vars.number("REDIS_DB", 0..=1023, 0))
    } else {
        let _ = (vars.text("REDIS_PORT"), vars.text("REDIS_DB"));
        (6379, 0)
    };
    vars.parsed("REDIS_HOST", "a host name or address, without scheme and port", |host| {
        let is_bare = !host.contains(['/', '@', '?', '#', ' ']);
        let has_no_port = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
        let url = format!("redis://{host}:{port}/{database}");
        (is_bare && has_no_port).then(|| Url::parse(&url).ok()).flatten().filter(Url::has_host)
    })
}

/// The password in a node's own URL wins over `REDIS_PASSWORD`.
fn with_password(mut url: Url, password: Option<&SecretString>) -> SecretString {
    if let (None, Some(password)) = (url.password(), password) {
        // Fails only for a URL without a host, and these have one. The setter percent-encodes.
        let _ = url.set_password(Some(password.expose_secret()));
    }
    SecretString::from(String::from(url))
}
