//! The documents and the reader agree.

use std::collections::BTreeSet;

use super::super::dotenv;
use super::*;

const EXAMPLE: &str = include_str!("../../../.env.example");

/// What operators of the former service have, with plausible values for its placeholders.
const FORMER: &str = r#"
# Database
DATABASE_URL=postgresql://user:password@db.example.org:5432/chemicals

# Firebase
FIREBASE_PROJECT_ID=chem-lab-1
FIREBASE_PRIVATE_KEY_ID=0123456789abcdef
FIREBASE_PRIVATE_KEY="-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n"
FIREBASE_CLIENT_EMAIL=firebase-adminsdk-1@chem-lab-1.iam.gserviceaccount.com
FIREBASE_CLIENT_ID=123456789012345678901
FIREBASE_AUTH_URI=https://accounts.google.com/o/oauth2/auth
FIREBASE_TOKEN_URI=https://oauth2.googleapis.com/token
FIREBASE_AUTH_PROVIDER_X509_CERT_URL=https://www.googleapis.com/oauth2/v1/certs
FIREBASE_CLIENT_X509_CERT_URL=https://www.googleapis.com/robot/v1/metadata/x509/firebase-adminsdk-1

# SMS Provider (Twilio)
TWILIO_ACCOUNT_SID=AC0123456789
TWILIO_AUTH_TOKEN=auth-token
TWILIO_PHONE_NUMBER=+1234567890

# Redis
REDIS_HOST=redis.example.org
REDIS_PORT=6379
REDIS_PASSWORD=redis-password
REDIS_DB=0

# App Settings
ENVIRONMENT=production
DEBUG=false
"#;

fn parsed(text: &str) -> Config {
    let (vars, problems) = dotenv::parse(text);
    assert_eq!(problems, []);
    Config::from_vars(|name| vars.get(name).cloned()).unwrap()
}

/// The example with its optional lines switched on.
fn uncommented(prefix: &str) -> String {
    let is_variable = |text: &str| text.starts_with(|c: char| c.is_ascii_uppercase()) && name(text).is_some();
    let lines = EXAMPLE.lines().map(|line| match line.strip_prefix(prefix) {
        Some(variable) if is_variable(variable) => variable,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn name(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let shouts = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (shouts && !name.is_empty()).then_some(name)
}

#[test]
fn a_live_env_file_of_the_former_service_moves_over() {
    let missing = [
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("JWT_PRIVATE_KEYS", "/run/secrets/jwt.pem"),
        ("PUBLIC_URL", "https://chemstock.example.org"),
    ];
    let text = missing.iter().fold(FORMER.to_owned(), |text, (name, value)| format!("{text}{name}={value}\n"));
    let config = parsed(&text);
    assert!(config.is_production());
    let firebase = config.firebase.unwrap();
    assert_eq!(firebase.project_id, "chem-lab-1");
    let account = firebase.service_account.unwrap();
    let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----";
    assert_eq!(account.private_key.expose_secret().trim_end(), key);
    assert_eq!(account.client_id.as_deref(), Some("123456789012345678901"));
    let Some(RedisConfig::Single { url }) = config.redis else { panic!("no Redis") };
    assert_eq!(url.expose_secret(), "redis://:redis-password@redis.example.org:6379/0");
    assert_eq!(config.sms.providers, [Provider::Twilio]);

    let (former, _) = dotenv::parse(FORMER);
    let errors = Config::from_vars(|name| former.get(name).cloned()).unwrap_err();
    let named: BTreeSet<&str> = errors.0.iter().map(|problem| problem.variable.as_str()).collect();
    assert_eq!(named, BTreeSet::from(["JWT_ISSUER", "JWT_PRIVATE_KEYS", "SECRET_KEY"]), "only what is new");
}

#[test]
fn a_copy_of_the_example_is_the_default_development_installation() {
    assert_eq!(format!("{:?}", parsed(EXAMPLE)), format!("{:?}", config(&[]).unwrap()));
}

#[test]
fn the_example_parses_with_every_line_uncommented() {
    let all = parsed(&uncommented("# "));
    let superseded = Provider::MessageBird;
    let others = Provider::REAL.into_iter().filter(|provider| *provider != superseded).collect::<Vec<_>>();
    assert_eq!(all.sms.providers, others);
    assert!(all.firebase.unwrap().service_account.is_some());
    assert!(all.sms.android_app_hash.is_some() && all.redis.is_some() && all.secret_key.is_some());
    assert!(all.bootstrap_owner_phone.is_some() && all.metrics_addr.is_some());
    assert_eq!((all.test_phones.codes.len(), all.cors_origins.len(), all.trusted_proxies.len()), (2, 2, 2));
    for name in ["REDIS_URL", "REDIS_CLUSTER_NODES"] {
        let line = format!("# or: {name}=");
        let value = EXAMPLE.lines().find_map(|text| text.strip_prefix(&line)).unwrap();
        assert_eq!(complaints(&[(name, value)]), [""; 0], "{name}");
    }
}

#[test]
fn the_example_names_every_variable_that_is_read_and_no_other() {
    let nothing = |_: &str| None;
    let mut vars = Vars::new(&nothing);
    read(&mut vars);
    let lines = EXAMPLE.lines().map(|line| line.trim_start_matches("# ").trim_start_matches("or: "));
    let named: Vec<&str> = lines.filter_map(name).collect();
    let unique: BTreeSet<&str> = named.iter().copied().collect();
    assert_eq!(unique, vars.asked);
    assert_eq!(unique.len(), named.len(), "a variable is named twice");
}
