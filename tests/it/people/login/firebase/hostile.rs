//! Whatever is sent as a token, the answer is a refusal: no panic, no 5xx. `PROPTEST_CASES=100000` looks further.

use std::sync::OnceLock;

use chemstock::{
    clients::firebase::{Firebase, Refusal},
    config::Config,
};
use chrono::{DateTime, Utc};
use proptest::{prelude::*, sample::select};
use serde_json::json;
use sqlx::PgPool;

use super::{PHONE, UID, exchange, with_google};
use crate::support::google::{self, PROJECT};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).expect("in range")
}

/// With the emulator's laxness, so that claims are reached without a signature.
fn firebase() -> &'static Firebase {
    static FIREBASE: OnceLock<Firebase> = OnceLock::new();
    FIREBASE.get_or_init(|| {
        let vars = [
            ("FIREBASE_PROJECT_ID", PROJECT),
            ("FIREBASE_AUTH_EMULATOR_HOST", "localhost:9099"),
            // Nobody answers there.
            ("FIREBASE_JWKS_URL", "http://127.0.0.1:1"),
        ];
        let config = Config::from_vars(|name| vars.iter().find(|it| it.0 == name).map(|it| it.1.to_owned()));
        Firebase::new(&config.expect("a configuration").firebase.expect("Firebase"), None, false)
    })
}

fn verify(token: &str) -> Result<(), Refusal> {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    let runtime =
        RUNTIME.get_or_init(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
    runtime.block_on(async { firebase().verify(token, now()).await.map(drop) })
}

fn unsigned() -> String {
    let header = google::part(&json!({"alg": "none", "typ": "JWT"}));
    format!("{header}.{}.", google::part(&google::phone_claims(now(), UID, PHONE)))
}

#[test]
fn the_token_that_is_mutated_is_a_good_one() {
    verify(&unsigned()).unwrap();
}

proptest! {
    #[test]
    fn no_text_is_a_token(text in any::<String>()) {
        prop_assert!(verify(&text).is_err());
    }

    #[test]
    fn three_parts_of_anything_are_no_token(parts in proptest::collection::vec("[A-Za-z0-9_=-]{0,80}", 0..5)) {
        prop_assert!(verify(&parts.join(".")).is_err());
    }

    #[test]
    fn any_claim_of_any_kind_is_taken_or_refused(
        claim in select(vec!["iss", "aud", "sub", "iat", "exp", "auth_time", "phone_number", "firebase", "more"]),
        text in any::<String>(), number in any::<i64>(), float in any::<f64>(), kind in 0..6,
    ) {
        let value = match kind {
            0 => json!(text),
            1 => json!(number),
            2 => json!(float),
            3 => json!([text]),
            4 => json!({"sign_in_provider": text, "tenant": null}),
            _ => json!(null),
        };
        let mut claims = google::phone_claims(now(), UID, PHONE);
        claims[claim] = value;
        let header = google::part(&json!({"alg": "none"}));
        let verified = verify(&format!("{header}.{}.", google::part(&claims)));
        prop_assert!(claim == "more" || !["iss", "aud"].contains(&claim) || verified.is_err());
    }

    #[test]
    fn a_mutated_token_does_not_panic(at in any::<proptest::sample::Index>(), byte in 0_u8..128, cut in any::<bool>()) {
        let mut token = unsigned().into_bytes();
        let at = at.index(token.len());
        if cut { token.truncate(at); } else { token[at] = byte; }
        drop(verify(&String::from_utf8(token).expect("ASCII")));
    }
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn odd_texts_are_refused_at_the_door_and_as_bearer(db: PgPool) {
    let (app, google) = with_google(db, &[("FIREBASE_BEARER", "true")]).await;
    let long = format!("{}.{}.", google::part(&google::header()), "A".repeat(9_000));
    for text in ["", ".", "..", "...", "e30.e30.", "e30.e30.e30", "e30.bnVsbA.", "null", "\u{202e}..", &long] {
        exchange(&app, text).await.problem(401, "firebase-token-refused");
    }
    for text in [".", "..", "e30.e30.e30", &long] {
        app.nobody().with_token(text).get("/v1/me").await.problem(401, "bad-token");
    }
    assert_eq!(google.key_fetches(), 0, "none of them is worth a question");
}
