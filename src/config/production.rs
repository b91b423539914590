//! What a production start must not lack, and what it must not have.

use super::Config;
use super::sms::{Channel, Provider};
use super::urls::is_secure_or_local;
use super::vars::Vars;

/// One that is malformed has its problem already; it is not missing as well.
const REDIS: [&str; 5] = ["REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "REDIS_CLUSTER_NODES"];

pub(super) fn check(vars: &mut Vars, config: &Config) {
    let redis = "set it, REDIS_HOST or REDIS_CLUSTER_NODES: limits must hold on every instance";
    let secret = "set it to what `openssl rand -base64 32` prints";
    let keys = "set it to the path of a file made by `chemstock keys new`, or to what that prints";
    let has_keys = !config.jwt.private_keys.is_empty();
    let has_issuer = !config.jwt.issuer.is_empty();
    require(vars, config.database_url.is_some(), &["DATABASE_URL"], "set it to a postgresql:// URL");
    require(vars, config.redis.is_some(), &REDIS, redis);
    require(vars, config.secret_key.is_some(), &["SECRET_KEY"], secret);
    require(vars, has_keys, &["JWT_PRIVATE_KEYS"], keys);
    require(vars, has_issuer, &["JWT_ISSUER", "PUBLIC_URL"], "set it, or PUBLIC_URL");
    if !config.test_phones.codes.is_empty() {
        let has_end = config.test_phones.until.is_some();
        let remedy = "set it to the last day of the tests, or remove TEST_PHONE_NUMBERS";
        require(vars, has_end, &["TEST_PHONE_NUMBERS_UNTIL"], remedy);
    }
    refuse_codes_that_nobody_gets(vars, config);
    refuse_open_doors(vars, config);
}

fn require(vars: &mut Vars, present: bool, names: &[&str], remedy: &str) {
    if !present && !vars.has_problem_with(names) {
        vars.problem(names[0], "is required in production", remedy);
    }
}

fn refuse_codes_that_nobody_gets(vars: &mut Vars, config: &Config) {
    let real = Provider::REAL;
    for provider in config.sms.providers.iter().filter(|provider| !provider.is_real()) {
        let wrong = format!("names {}, which sends nothing: refused in production", provider.name());
        let remedy = format!("name some of {}", real.map(Provider::name).join(", "));
        vars.problem("SMS_PROVIDERS", wrong, remedy);
    }
    let half_done = real.iter().any(|provider| vars.has_problem_with(provider.required()));
    // Nobody's first code can come by e-mail.
    let reaches_phones = config.sms.providers.iter().any(|provider| provider.channel() != Channel::Email);
    if !reaches_phones && !half_done && !vars.has_problem_with(&["SMS_PROVIDERS"]) {
        let remedy = format!("set up one, such as Twilio: {}", Provider::Twilio.required().join(", "));
        vars.problem("SMS_PROVIDERS", "has no provider that can send a code", remedy);
    }
}

fn refuse_open_doors(vars: &mut Vars, config: &Config) {
    // Asked for again: without a project the emulator is not in `config`, but it is as wrong.
    if vars.text("FIREBASE_AUTH_EMULATOR_HOST").is_some() {
        let wrong = "is refused in production: it lets everybody in with an unsigned token";
        vars.problem("FIREBASE_AUTH_EMULATOR_HOST", wrong, "remove it");
    }
    if config.cors_origins.iter().any(|origin| origin == "*") {
        let wrong = "is *, which is refused in production";
        vars.problem("CORS_ORIGINS", wrong, "list the origins of your web apps");
    }
    let public_url = config.public_url.as_deref().and_then(|url| url.parse().ok());
    if public_url.is_some_and(|url| !is_secure_or_local(&url)) {
        let wrong = "is not https://";
        vars.problem("PUBLIC_URL", wrong, "codes and tokens must not travel in the clear");
    }
}
