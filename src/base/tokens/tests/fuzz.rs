//! Whatever is sent as an access token is refused without a panic. `PROPTEST_CASES=100000` looks further.

use std::sync::OnceLock;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use proptest::{prelude::*, sample};
use serde_json::{Value, json};

use super::{attacks::forge, *};

/// Its key, itself, and what it has signed.
fn issuer() -> &'static (String, Tokens, String) {
    static ISSUER: OnceLock<(String, Tokens, String)> = OnceLock::new();
    ISSUER.get_or_init(|| {
        let pem = KeyRing::generate_pem();
        let tokens = tokens(std::slice::from_ref(&pem));
        let token = sign(&tokens).0;
        (pem, tokens, token)
    })
}

fn part(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}

proptest! {
    #[test]
    fn no_text_is_an_access_token(text in any::<String>(), parts in proptest::collection::vec("[\\w+/=-]{0,80}", 0..5)) {
        let (_, tokens, _) = issuer();
        prop_assert!(tokens.verify(&text, now()).is_err());
        prop_assert!(tokens.verify(&parts.join("."), now()).is_err());
    }

    #[test]
    fn no_header_and_claims_of_any_text_are_an_access_token(header in any::<String>(), claims in any::<String>()) {
        let (_, tokens, _) = issuer();
        let kid = tokens.current().ring.first().kid.clone();
        let ours = json!({ "typ": TYPE, "alg": "EdDSA", "kid": kid }).to_string();
        for header in [&header, &ours] {
            let token = [part(header), part(&claims), String::new()].join(".");
            prop_assert!(tokens.verify(&token, now()).is_err());
        }
    }

    #[test]
    fn an_access_token_in_which_anything_was_changed_is_refused(
        at in any::<sample::Index>(), byte in 0_u8..128, cut in any::<bool>(),
    ) {
        let (_, tokens, token) = issuer();
        let mut changed = token.clone().into_bytes();
        let at = at.index(changed.len());
        if cut { changed.truncate(at); } else { changed[at] = byte; }
        let changed = String::from_utf8(changed).expect("ASCII");
        prop_assert_eq!(tokens.verify(&changed, now()).is_ok(), changed == *token);
    }

    /// The server's own key is in nobody else's hands; but a claim that it signed by mistake must not crash it.
    #[test]
    fn any_claim_of_any_kind_is_taken_or_refused_though_truly_signed(
        claim in sample::select(vec!["iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti", "auth_time", "acr", "amr", "more"]),
        text in any::<String>(), number in any::<i64>(), float in any::<f64>(), kind in 0..6,
    ) {
        let (pem, tokens, _) = issuer();
        let value = match kind {
            0 => json!(text),
            1 => json!(number),
            2 => json!(float),
            3 => json!([text]),
            4 => json!({ text: number }),
            _ => Value::Null,
        };
        let mut claims = serde_json::to_value(sign(tokens).1).unwrap();
        claims[claim] = value;
        let header = json!({ "typ": TYPE, "alg": "EdDSA", "kid": tokens.current().ring.first().kid });
        let verified = tokens.verify(&forge(pem, &header, &claims), now());
        prop_assert!(claim == "more" || !["iss", "aud", "sub", "sid", "jti"].contains(&claim) || verified.is_err());
        prop_assert!(claim != "more" || verified.is_ok());
    }
}
