//! What a client says that the SHA-256 of its body is (RFC 9530): `Content-Digest: sha-256=:…:`, or `Repr-Digest`, which
//! is the same of a body without a coding. Other algorithms are passed over.

use axum::http::HeaderMap;
use base64::prelude::{BASE64_STANDARD, Engine as _};

use super::{catalogue::general, problem::Problem};
use crate::base::error::Field;

const HEADERS: [&str; 2] = ["Content-Digest", "Repr-Digest"];
const LENGTH: usize = 32;

/// Each with its header.
pub struct Digests(Vec<(&'static str, Vec<u8>)>);

impl Digests {
    pub fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut said = Vec::new();
        for name in HEADERS {
            for line in headers.get_all(name) {
                let members =
                    line.to_str().ok().map(|line| line.split(',').map(str::trim)).ok_or_else(|| broken(name))?;
                for member in members.filter(|member| !member.is_empty()) {
                    let (algorithm, value) = member.split_once('=').ok_or_else(|| broken(name))?;
                    if algorithm.trim() == "sha-256" {
                        said.push((name, bytes(value).ok_or_else(|| broken(name))?));
                    }
                }
            }
        }
        Ok(Self(said))
    }

    pub fn check(&self, sha256: &[u8; LENGTH]) -> Result<(), Problem> {
        match self.0.iter().find(|(_, said)| said != sha256) {
            None => Ok(()),
            Some((name, _)) => Err(refused(name, "is not the SHA-256 of the bytes that came: send them once more")),
        }
    }
}

/// A byte sequence of RFC 8941, perhaps with parameters.
fn bytes(value: &str) -> Option<Vec<u8>> {
    let value = value.split(';').next()?.trim().strip_prefix(':')?.strip_suffix(':')?;
    BASE64_STANDARD.decode(value).ok().filter(|bytes| bytes.len() == LENGTH)
}

fn broken(name: &str) -> Problem {
    refused(name, "must be written as `sha-256=:`, the digest in Base64, and `:`")
}

fn refused(name: &str, detail: &str) -> Problem {
    Problem::new(general::INVALID).errors(vec![Field::new(name, detail)])
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};
    use axum::http::HeaderValue;

    use super::*;

    fn check(name: &'static str, value: &str) -> Option<u16> {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        let mut hash = [0; LENGTH];
        hash.copy_from_slice(digest(&SHA256, b"hello").as_ref());
        Digests::of(&headers).and_then(|digests| digests.check(&hash)).err().map(|problem| problem.status)
    }

    #[test]
    fn a_digest_is_that_of_the_bytes_or_refused_and_other_algorithms_are_passed_over() {
        let right = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
        let wrong = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        for name in ["content-digest", "repr-digest"] {
            assert_eq!(check(name, right), None);
            assert_eq!(check(name, &format!("sha-512=:AAAA:, {right};q=1")), None);
            assert_eq!(check(name, "md5=:AAAA:"), None);
            assert_eq!(check(name, wrong), Some(422));
            for broken in ["sha-256", "sha-256=LPJN", "sha-256=::", "sha-256=:?:", "nonsense"] {
                assert_eq!(check(name, broken), Some(422), "{broken}");
            }
        }
    }
}
