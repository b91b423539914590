use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;

use super::*;

mod attacks;
mod fuzz;
mod rotation;

const TTL: Duration = Duration::from_mins(10);

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn later(seconds: i64) -> DateTime<Utc> {
    now() + chrono::Duration::seconds(seconds)
}

fn pem(der: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der))
}

fn p256_pem() -> String {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    pem(der.as_ref())
}

fn rsa_pem() -> String {
    let der: Pkcs8V1Der<'_> = KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
    pem(der.as_ref())
}

fn tokens(pems: &[String]) -> Tokens {
    Tokens::new(KeyRing::from_pems(pems).unwrap(), "https://issuer.test", "chemstock", TTL)
}

fn sign(tokens: &Tokens) -> (String, Claims) {
    tokens.sign(Uuid::from_u128(1), Uuid::from_u128(2), now().timestamp(), vec!["sms".to_owned()], now())
}

#[test]
fn each_algorithm_signs_what_it_verifies() {
    let pems = [(KeyRing::generate_pem(), "EdDSA"), (p256_pem(), "ES256"), (rsa_pem(), "RS256")];
    for (pem, algorithm) in pems {
        let tokens = tokens(&[pem]);
        let (token, claims) = sign(&tokens);
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(serde_json::to_value(header.alg).unwrap(), algorithm);
        assert_eq!(tokens.verify(&token, now()), Ok(claims.clone()), "cold");
        assert_eq!(tokens.verify(&token, now()), Ok(claims), "cached");
        assert_eq!(tokens.jwks()["keys"][0]["alg"], algorithm);
    }
}

#[test]
fn claims_are_those_of_the_login() {
    let tokens = tokens(&[KeyRing::generate_pem()]);
    let (_, claims) = sign(&tokens);
    assert_eq!((claims.iss.as_str(), claims.aud.as_str()), ("https://issuer.test", "chemstock"));
    assert_eq!((claims.sub, claims.sid), (Uuid::from_u128(1), Uuid::from_u128(2)));
    assert_eq!((claims.iat, claims.nbf, claims.exp), (1_800_000_000, 1_800_000_000, 1_800_000_600));
    assert_ne!(claims.jti, sign(&tokens).1.jti);
}

#[test]
fn what_a_login_is_worth_follows_from_how_it_was_done() {
    let tokens = tokens(&[KeyRing::generate_pem()]);
    let cases = [
        (&["sms"][..], "1"),
        (&["otp", "whatsapp"], "1"),
        (&["fed", "sms"], "1"),
        (&["otp", "email"], "0"),
        (&["fed", "email"], "0"),
    ];
    for (amr, acr) in cases {
        let amr: Vec<String> = amr.iter().map(|method| (*method).to_owned()).collect();
        let (_, claims) = tokens.sign(Uuid::from_u128(1), Uuid::from_u128(2), 0, amr, now());
        assert_eq!(serde_json::to_value(&claims).unwrap()["acr"], acr, "{claims:?}");
    }
}

#[test]
fn jwks_has_public_parts_only_and_thumbprints_as_kid() {
    let ring = KeyRing::from_pems(&[KeyRing::generate_pem(), p256_pem(), rsa_pem()]).unwrap();
    let jwks = ring.jwks();
    let mut fields: Vec<Vec<&str>> = Vec::new();
    for key in jwks["keys"].as_array().unwrap() {
        assert_eq!(key["use"], "sig");
        assert_eq!(URL_SAFE_NO_PAD.decode(key["kid"].as_str().unwrap()).unwrap().len(), 32);
        fields.push(key.as_object().unwrap().keys().map(String::as_str).collect());
        fields.last_mut().unwrap().sort_unstable();
    }
    assert_eq!(fields[0], ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_eq!(fields[1], ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert_eq!(fields[2], ["alg", "e", "kid", "kty", "n", "use"]);
}

/// The key pair of RFC 8037, appendix A, whose thumbprint A.3 gives.
#[test]
fn the_kid_is_the_thumbprint_that_the_standard_gives() {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let prefix = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    let ring = KeyRing::from_pems(&[pem(&[&prefix[..], &seed].concat())]).unwrap();
    assert_eq!(ring.jwks()["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    assert_eq!(ring.jwks()["keys"][0]["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn an_old_token_verifies_after_a_new_first_key_until_the_old_one_is_dropped() {
    let (old, new) = (KeyRing::generate_pem(), p256_pem());
    let (token, claims) = sign(&tokens(std::slice::from_ref(&old)));
    let both = tokens(&[new.clone(), old]);
    assert_eq!(both.verify(&token, now()), Ok(claims));
    assert_eq!(jsonwebtoken::decode_header(sign(&both).0).unwrap().alg, Algorithm::ES256);
    assert_eq!(tokens(&[new]).verify(&token, now()), Err(TokenError::UnknownKey));
}

#[test]
fn a_token_expires_to_the_second_also_from_the_cache_and_may_come_five_seconds_early() {
    let tokens = tokens(&[KeyRing::generate_pem()]);
    let (token, _) = sign(&tokens);
    assert_eq!(tokens.verify(&token, later(-6)), Err(TokenError::TooEarly));
    for _cold_then_cached in 0..2 {
        assert!(tokens.verify(&token, later(-5)).is_ok());
        assert!(tokens.verify(&token, later(599)).is_ok());
    }
    assert_eq!(tokens.verify(&token, later(600)), Err(TokenError::Expired));
    assert_eq!(tokens.verify(&token, later(-6)), Err(TokenError::TooEarly));
}

#[test]
fn unusable_keys_are_refused_by_their_place() {
    let good = KeyRing::generate_pem();
    let p384 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let public = good.replace("PRIVATE", "PUBLIC");
    for bad in [String::new(), "secret".to_owned(), pem(p384.as_ref()), pem(b"secret"), public] {
        let error = KeyRing::from_pems(&[good.clone(), bad]).unwrap_err();
        assert_eq!(error, KeyError::Unsupported(2));
        assert!(!error.to_string().contains("secret"));
    }
    assert_eq!(KeyRing::from_pems(&[]).unwrap_err(), KeyError::Empty);
    assert_eq!(KeyRing::from_pems(&[good.clone(), good]).unwrap_err(), KeyError::Duplicate(2));
}
