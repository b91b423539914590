//! The keys of our tokens: can they be read, which one signs, is any of them weak, who else may read them?

use std::path::Path;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::Value;

use super::Finding;
use crate::{
    base::tokens::KeyRing,
    config::{Config, KeyText, PrivateKeys},
};

const PART: &str = "keys";
/// 112 bits of security, which NIST SP 800-57 part 1 allows until 2030.
const FEW_RSA_BITS: usize = 3072;
const NEW: &str = "make one with `chemstock keys new`";

pub(super) fn look(config: &Config) -> Vec<Finding> {
    let made = config.data_dir.join("jwt_key.pem");
    let given = &config.jwt.private_keys;
    if given.is_empty() && !made.exists() {
        return vec![Finding::ok(PART, "none yet: the first start makes one below DATA_DIR")];
    }
    let keys = if given.is_empty() { PrivateKeys::Files(vec![made]).read() } else { given.read() };
    let (mut pems, mut findings) = (Vec::new(), Vec::new());
    let wanted = keys.len();
    for KeyText { place, path, text } in keys {
        match text {
            Ok(pem) => pems.push(pem),
            Err(error) => {
                let found = format!("{place} cannot be read ({})", error.kind());
                findings.push(Finding::problem(PART, found, format!("mend JWT_PRIVATE_KEYS, or {NEW}")));
            }
        }
        if path.is_some_and(|path| is_open_to_others(&path)) {
            findings.push(Finding::warning(
                PART,
                format!("{place} can be read by others"),
                format!("chmod 600 {place}"),
            ));
        }
    }
    if pems.len() == wanted {
        match KeyRing::from_pems(&pems) {
            Ok(ring) => findings.extend(describe(&ring.jwks())),
            Err(error) => findings.push(Finding::problem(PART, error.to_string(), format!("replace it; {NEW}"))),
        }
    }
    findings
}

/// Of their public parts, in the order of the ring.
fn describe(jwks: &Value) -> Vec<Finding> {
    let keys = jwks["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |(index, key): (usize, &Value)| {
        let role = if index == 0 { "signs and verifies" } else { "verifies only" };
        let text = |name: &str| key[name].as_str().unwrap_or_default().to_owned();
        let found = format!("{} key {} {role}", text("alg"), text("kid"));
        let modulus = BASE64_URL_SAFE_NO_PAD.decode(text("n")).unwrap_or_default();
        let bits = modulus.len() * 8;
        if bits > 0 && bits < FEW_RSA_BITS {
            Finding::warning(
                PART,
                format!("{found}; RSA of {bits} bits will do until 2030"),
                format!("{NEW} (Ed25519)"),
            )
        } else {
            Finding::ok(PART, found)
        }
    };
    keys.iter().enumerate().map(one).collect()
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
