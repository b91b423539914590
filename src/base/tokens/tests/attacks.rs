//! What an attacker sends, with and without our key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::*;

/// A token with the given header and claims, truly signed with the given key.
pub(super) fn forge(pem: &str, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_ed_pem(pem.as_bytes()).unwrap();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

/// What a good token of `tokens` is made of, to be spoilt by a test.
fn parts(tokens: &Tokens) -> (Value, Value) {
    let header = json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": tokens.current().ring.first().kid });
    (header, serde_json::to_value(sign(tokens).1).unwrap())
}

#[test]
fn a_flipped_bit_anywhere_spoils_a_token() {
    let tokens = tokens(&[KeyRing::generate_pem()]);
    let (token, _) = sign(&tokens);
    for index in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            let flipped = String::from_utf8(bytes).unwrap();
            assert!(tokens.verify(&flipped, now()).is_err(), "byte {index}, bit {bit}");
        }
    }
}

#[test]
fn a_token_of_another_key_issuer_or_audience_is_refused() {
    let pem = KeyRing::generate_pem();
    let tokens = tokens(std::slice::from_ref(&pem));
    let (header, claims) = parts(&tokens);
    assert!(tokens.verify(&forge(&pem, &header, &claims), now()).is_ok());
    // The right kid, the wrong key.
    assert_eq!(tokens.verify(&forge(&KeyRing::generate_pem(), &header, &claims), now()), Err(TokenError::Invalid));
    for (issuer, audience) in [("https://issuer.test/", "chemstock"), ("https://issuer.test", "other")] {
        let other = Tokens::new(KeyRing::from_pems(std::slice::from_ref(&pem)).unwrap(), issuer, audience, TTL);
        assert_eq!(tokens.verify(&sign(&other).0, now()), Err(TokenError::Foreign));
    }
}

#[test]
fn the_header_does_not_choose_the_algorithm_or_the_key() {
    let pem = KeyRing::generate_pem();
    let tokens = tokens(std::slice::from_ref(&pem));
    let (header, claims) = parts(&tokens);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());

    for algorithm in ["none", "None", "NONE", ""] {
        let mut header = header.clone();
        header["alg"] = algorithm.into();
        let message = format!("{}.{}", part(&header), part(&claims));
        assert!(tokens.verify(&format!("{message}."), now()).is_err(), "alg {algorithm:?}");
        assert!(tokens.verify(&message, now()).is_err());
    }

    // The classic confusion: HMAC with the public key, in the forms an attacker can get, as its secret.
    let x = tokens.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
    for secret in [x.as_bytes(), &URL_SAFE_NO_PAD.decode(&x).unwrap(), tokens.jwks().to_string().as_bytes()] {
        let mut hs256 = Header::new(Algorithm::HS256);
        hs256.typ = Some(TYPE.to_owned());
        hs256.kid = Some(tokens.current().ring.first().kid.clone());
        let token = jsonwebtoken::encode(&hs256, &claims, &EncodingKey::from_secret(secret)).unwrap();
        assert_eq!(tokens.verify(&token, now()), Err(TokenError::Invalid));
    }

    // A key that comes with the token.
    let mallory = KeyRing::generate_pem();
    let mallory_ring = KeyRing::from_pems(std::slice::from_ref(&mallory)).unwrap();
    let mut own_key = header.clone();
    own_key["jwk"] = mallory_ring.jwks()["keys"][0].clone();
    own_key["jku"] = "https://mallory.test/jwks.json".into();
    own_key["x5u"] = "https://mallory.test/chain.pem".into();
    assert_eq!(tokens.verify(&forge(&mallory, &own_key, &claims), now()), Err(TokenError::Invalid));
    own_key["kid"] = mallory_ring.first().kid.clone().into();
    assert_eq!(tokens.verify(&forge(&mallory, &own_key, &claims), now()), Err(TokenError::UnknownKey));
}

#[test]
fn a_header_without_our_type_or_key_or_with_a_critical_field_is_refused() {
    let pem = KeyRing::generate_pem();
    let tokens = tokens(std::slice::from_ref(&pem));
    let (header, claims) = parts(&tokens);
    let cases = [
        ("typ", json!("JWT"), TokenError::Malformed),
        ("typ", json!("at+JWT "), TokenError::Malformed),
        ("typ", Value::Null, TokenError::Malformed),
        ("crit", json!(["b64"]), TokenError::Malformed),
        ("kid", json!("../../dev/null"), TokenError::UnknownKey),
        ("kid", Value::Null, TokenError::UnknownKey),
        ("kid", json!(7), TokenError::Malformed),
    ];
    for (field, value, error) in cases {
        let mut header = header.clone();
        header[field] = value.clone();
        assert_eq!(tokens.verify(&forge(&pem, &header, &claims), now()), Err(error), "{field}: {value}");
    }
    for field in ["typ", "kid", "alg"] {
        let mut header = header.clone();
        header.as_object_mut().unwrap().remove(field);
        assert!(tokens.verify(&forge(&pem, &header, &claims), now()).is_err(), "no {field}");
    }
}

#[test]
fn a_missing_or_mistyped_claim_is_refused_also_when_truly_signed() {
    let pem = KeyRing::generate_pem();
    let tokens = tokens(std::slice::from_ref(&pem));
    let (header, claims) = parts(&tokens);
    for name in claims.as_object().unwrap().keys() {
        let mut missing = claims.clone();
        missing.as_object_mut().unwrap().remove(name);
        assert_eq!(tokens.verify(&forge(&pem, &header, &missing), now()), Err(TokenError::Invalid), "no {name}");
        for wrong in [json!(null), json!(true), json!({}), json!("x"), json!(1.5), json!([1])] {
            let mut mistyped = claims.clone();
            mistyped[name] = wrong.clone();
            let result = tokens.verify(&forge(&pem, &header, &mistyped), now());
            assert!(matches!(result, Err(TokenError::Invalid | TokenError::Foreign)), "{name}: {wrong}: {result:?}");
        }
    }
    for (name, value) in
        [("exp", json!("1800000600")), ("aud", json!(["chemstock"])), ("amr", json!("sms")), ("acr", json!("2"))]
    {
        let mut mistyped = claims.clone();
        mistyped[name] = value;
        assert_eq!(tokens.verify(&forge(&pem, &header, &mistyped), now()), Err(TokenError::Invalid), "{name}");
    }
    for name in ["nbf", "iat"] {
        let mut future = claims.clone();
        future[name] = json!(now().timestamp() + 6);
        assert_eq!(tokens.verify(&forge(&pem, &header, &future), now()), Err(TokenError::TooEarly), "{name}");
    }
}

#[test]
fn garbage_is_refused_without_a_panic() {
    let tokens = tokens(&[KeyRing::generate_pem()]);
    for garbage in ["", ".", "..", "...", "a.b.c", "e30.e30.", "\u{1F9EA}.\u{1F9EA}.\u{1F9EA}"] {
        assert_eq!(tokens.verify(garbage, now()), Err(TokenError::Malformed), "{garbage:?}");
    }
    assert_eq!(tokens.verify(&"a".repeat(4097), now()), Err(TokenError::TooLong));
}
