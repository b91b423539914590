//! The set of public keys as the document shows it (RFC 7517). `KeyRing::jwks` makes it.

use utoipa::ToSchema;

/// Public keys.
#[derive(ToSchema)]
#[expect(dead_code, reason = "says what the set holds")]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// A public key. Which members it has follows from `kty`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "says what the set holds")]
#[schema(example = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "lQ3hUtzHW7mBCX",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}))]
struct Jwk {
    kty: String,
    alg: String,
    r#use: String,
    /// Names the key, as in the header of the tokens that it signed.
    kid: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}
