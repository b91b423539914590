//! Signature Version 4, as AWS checks it.

use aws_lc_rs::{
    digest::{SHA256, digest},
    hmac,
};

use super::super::super::{hex, outside::Asked};

/// Why AWS would not believe it.
pub fn verify(asked: &Asked, key_id: &str, secret: &str, region: &str, service: &str) -> Result<(), &'static str> {
    let authorization = asked.header("authorization");
    let parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("MissingAuthenticationToken")?;
    let part = |name: &str| parts.split(", ").find_map(|part| part.strip_prefix(name)).ok_or("IncompleteSignature");
    let (credential, signed) = (part("Credential=")?, part("SignedHeaders=")?);
    let time = asked.header("x-amz-date");
    let date = time.get(..8).ok_or("IncompleteSignature")?;
    if credential.split('/').next() != Some(key_id) {
        return Err("InvalidClientTokenId");
    }
    let scope = format!("{date}/{region}/{service}/aws4_request");
    let names: Vec<_> = signed.split(';').collect();
    let needed = ["content-type", "host", "x-amz-date", "x-amz-security-token"];
    let is_sent = |name: &&str| asked.headers.contains_key(*name);
    let is_whole = needed.iter().filter(|name| is_sent(name)).all(|name| names.contains(name));
    if credential != format!("{key_id}/{scope}") || !is_whole || !names.is_sorted() || time.len() != 16 {
        return Err("SignatureDoesNotMatch");
    }
    let headers: String = names.iter().flat_map(|name| [name, ":", asked.header(name).trim(), "\n"]).collect();
    let canonical =
        [&asked.method, &asked.path, &asked.query, &headers, signed, &hex(digest(&SHA256, asked.body.as_bytes()))]
            .map(|part| part as &str)
            .join("\n");
    let to_sign = ["AWS4-HMAC-SHA256", time, &scope, &hex(digest(&SHA256, canonical.as_bytes()))].join("\n");
    let first = format!("AWS4{secret}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| mac(&key, part));
    if part("Signature=")? == hex(mac(&key, &to_sign)) { Ok(()) } else { Err("SignatureDoesNotMatch") }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}
