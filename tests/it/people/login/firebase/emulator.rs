//! The emulator's tokens, which nobody has signed.

use chemstock::{clients::firebase::Firebase, config::Config};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PHONE, UID, exchange, good, with_google};
use crate::support::google::{self, Google};

const EMULATOR: (&str, &str) = ("FIREBASE_AUTH_EMULATOR_HOST", "localhost:9099");

fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", google::part(&json!({"alg": "none", "typ": "JWT"})), google::part(claims))
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn in_development_with_the_emulator_an_unsigned_token_is_let_in(db: PgPool) {
    let (app, google) = with_google(db, &[EMULATOR]).await;
    let pair = exchange(&app, &unsigned(&good(app.now()))).await.ok();
    assert_eq!(pair["user"]["phone"], PHONE);
    assert_eq!((google.key_fetches(), google.look_ups()), (0, 0), "the emulator's accounts are not Google's");
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn all_other_rules_hold_for_it(db: PgPool) {
    let (app, _google) = with_google(db, &[EMULATOR]).await;
    let now = app.now().timestamp();
    let cases = [
        ("/aud", json!("other")),
        ("/iss", json!("https://securetoken.google.com/other")),
        ("/sub", json!("")),
        ("/sub", json!("a\0b")),
        ("/exp", json!(now)),
        ("/exp", json!((now + 3600).to_string())),
        ("/iat", json!(now + 61)),
        ("/auth_time", json!(now - 31 * 86_400)),
        ("/firebase/sign_in_provider", json!("anonymous")),
    ];
    for (pointer, wrong) in cases {
        let mut claims = good(app.now());
        *claims.pointer_mut(pointer).unwrap() = wrong;
        exchange(&app, &unsigned(&claims)).await.problem(401, "firebase-token-refused");
    }
    let token = unsigned(&good(app.now()));
    exchange(&app, &format!("{token}c2lnbmF0dXJl")).await.problem(401, "firebase-token-refused");
    exchange(&app, &google::keys().mallory.sign(&google::header(), &good(app.now())))
        .await
        .problem(401, "firebase-token-refused");
    exchange(&app, &token).await.ok();
    exchange(&app, &token).await.problem(401, "firebase-token-refused");
}

/// The variables of an installation in production, with Firebase.
fn production(google: &Google, more: &[(&str, &str)]) -> Result<Config, chemstock::config::ConfigErrors> {
    let mut vars = google.vars();
    let needed = [
        ("ENVIRONMENT", "production"),
        ("DATABASE_URL", "postgresql://localhost/chemstock"),
        ("REDIS_URL", "redis://localhost"),
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("JWT_PRIVATE_KEYS", "/run/secrets/jwt.pem"),
        ("PUBLIC_URL", "https://chemstock.example.org"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "token"),
        ("TWILIO_PHONE_NUMBER", "+12025550123"),
    ];
    vars.extend(needed.iter().chain(more).map(|(name, value)| match *name {
        "FIREBASE_AUTH_EMULATOR_HOST" => ("FIREBASE_AUTH_EMULATOR_HOST", (*value).to_owned()),
        _ => (needed.iter().find(|it| it.0 == *name).expect("a needed one").0, (*value).to_owned()),
    }));
    Config::from_vars(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()))
}

pub async fn not_in_production() {
    let google = Google::start().await;
    production(&google, &[]).expect("all is there");
    let errors = production(&google, &[EMULATOR]).unwrap_err();
    let named: Vec<_> = errors.0.iter().map(|problem| problem.variable.as_str()).collect();
    assert_eq!(named, ["FIREBASE_AUTH_EMULATOR_HOST"]);

    // Whatever the configuration says: one that came about in another way.
    let mut config = production(&google, &[]).unwrap().firebase.unwrap();
    config.emulator_host = Some("localhost:9099".to_owned());
    let now = chrono::DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    let token = unsigned(&google::phone_claims(now, UID, PHONE));
    assert!(Firebase::new(&config, None, false).verify(&token, now).await.is_ok());
    let refused = Firebase::new(&config, None, true).verify(&token, now).await.unwrap_err();
    assert_eq!(refused.to_string(), "it is not signed with RS256");
}
