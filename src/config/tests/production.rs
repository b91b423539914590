//! What production refuses, and what reaches no log.

use super::*;

const GOOD: [(&str, &str); 9] = [
    ("ENVIRONMENT", "production"),
    ("DATABASE_URL", "postgresql://user:hunter2-db@db.example.org/chemstock"),
    ("REDIS_URL", "rediss://:hunter2-redis@redis.example.org:6380"),
    ("SECRET_KEY", "hunter2-secret-key-of-thirty-two-bytes"),
    ("JWT_PRIVATE_KEYS", "/run/secrets/jwt.pem"),
    ("PUBLIC_URL", "https://chemstock.example.org/"),
    ("TWILIO_ACCOUNT_SID", "AC1"),
    ("TWILIO_AUTH_TOKEN", "hunter2-twilio"),
    ("TWILIO_PHONE_NUMBER", "+12025550123"),
];

fn with(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    [&GOOD[..], more].concat()
}

#[test]
fn production_starts_when_all_is_there() {
    let config = config(&GOOD).unwrap();
    assert!(config.is_production());
    assert_eq!(config.host.to_string(), "0.0.0.0");
    assert_eq!(config.jwt.issuer, "https://chemstock.example.org");
    assert_eq!(config.sms.providers, [Provider::Twilio]);
    assert!(complaints(&with(&[("JWT_ISSUER", "chemstock"), ("PUBLIC_URL", "")])).is_empty());
}

#[test]
fn an_empty_production_environment_names_all_that_is_missing_at_once() {
    let errors = config(&[("ENVIRONMENT", "production")]).unwrap_err();
    let expected = ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "JWT_PRIVATE_KEYS", "JWT_ISSUER", "SMS_PROVIDERS"];
    let named: Vec<&str> = errors.0.iter().map(|problem| problem.variable.as_str()).collect();
    assert_eq!(named, expected);
    let message = errors.to_string();
    assert!(message.starts_with("the configuration has 6 problems"), "{message}");
    assert_eq!(message.lines().count(), 7);
    assert!(message.contains("DATABASE_URL is required in production: set it to"), "{message}");
}

#[test]
fn malformed_missing_and_unsafe_values_are_told_together() {
    let mut vars = with(&[
        ("PORT", "http"),
        ("OTP_TTL_SECONDS", "900"),
        ("SMS_PROVIDERS", "twilio,console,simulator"),
        ("TEST_PHONE_NUMBERS", "+15005550006=123456"),
        ("FIREBASE_AUTH_EMULATOR_HOST", "localhost:9099"),
        ("CORS_ORIGINS", "*"),
        ("PUBLIC_URL", "http://chemstock.example.org"),
        ("SECRET_KEY", "short"),
    ]);
    vars.retain(|(name, _)| *name != "DATABASE_URL");
    let mut named = complaints(&vars);
    named.sort();
    let expected = [
        "CORS_ORIGINS",
        "DATABASE_URL",
        "FIREBASE_AUTH_EMULATOR_HOST",
        "FIREBASE_PROJECT_ID",
        "OTP_TTL_SECONDS",
        "PORT",
        "PUBLIC_URL",
        "SECRET_KEY",
        "SMS_PROVIDERS",
        "SMS_PROVIDERS",
        "TEST_PHONE_NUMBERS_UNTIL",
    ];
    assert_eq!(named, expected);
}

#[test]
fn test_numbers_pass_in_production_with_an_end() {
    let test_numbers = [("TEST_PHONE_NUMBERS", "+15005550006=123456"), ("TEST_PHONE_NUMBERS_UNTIL", "2027-01-31")];
    assert!(complaints(&with(&test_numbers)).is_empty());
}

/// Every secret at once, each with `hunter2` in it; what is private to a person counts as one.
const SECRETS: [(&str, &str); 25] = [
    ("DATABASE_URL", "postgresql://u:hunter2@h/d"),
    ("MIGRATE_DATABASE_URL", "postgresql://owner:hunter2@h/d"),
    ("REDIS_CLUSTER_NODES", "redis://:hunter2@a:1"),
    ("REDIS_PASSWORD", "hunter2"),
    ("FIREBASE_PROJECT_ID", "p"),
    ("FIREBASE_CLIENT_EMAIL", "a@b.c"),
    ("FIREBASE_PRIVATE_KEY", r"-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----"),
    ("AWS_ACCESS_KEY_ID", "AK"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_SECRET_ACCESS_KEY", "hunter2"),
    ("AWS_SESSION_TOKEN", "hunter2"),
    ("MESSAGEBIRD_ORIGINATOR", "Lab"),
    ("MESSAGEBIRD_ACCESS_KEY", "hunter2"),
    ("MESSAGEBIRD_SIGNING_KEY", "hunter2"),
    ("VONAGE_API_KEY", "k"),
    ("VONAGE_FROM", "Lab"),
    ("VONAGE_API_SECRET", "hunter2"),
    ("VONAGE_SIGNATURE_SECRET", "hunter2"),
    ("WHATSAPP_PHONE_NUMBER_ID", "1"),
    ("WHATSAPP_TEMPLATE", "t"),
    ("WHATSAPP_ACCESS_TOKEN", "hunter2"),
    ("WHATSAPP_APP_SECRET", "hunter2"),
    ("EMAIL_FROM", "codes@example.org"),
    ("SMTP_URL", "smtps://u:hunter2@smtp.example.org"),
    ("BOOTSTRAP_OWNER_PHONE", "+12025550177"),
];

#[test]
fn debug_shows_no_secret_and_nobodys_phone() {
    let mut vars = with(&SECRETS);
    vars.retain(|(name, _)| *name != "REDIS_URL");
    vars.push(("TEST_PHONE_NUMBERS", "+12025550177=777777"));
    vars.push(("TEST_PHONE_NUMBERS_UNTIL", "2027-01-31"));
    let config = config(&vars).unwrap();
    assert!(config.firebase.as_ref().is_some_and(|firebase| firebase.service_account.is_some()));
    let shown = format!("{config:?} {config:#?}");
    for hidden in ["hunter2", "2025550177", "777777"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
}

#[test]
fn no_complaint_quotes_what_may_be_a_secret() {
    for value in ["hunter2-hunter2-hunter2", "hunter2@hunter2://hunter2=hunter2,+hunter2,hunter2"] {
        let errors = Config::from_vars(|_| Some(value.to_owned())).unwrap_err();
        assert!(errors.0.len() > 30);
        assert!(!errors.to_string().contains("hunter2"), "{errors}");
    }
}
