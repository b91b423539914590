use std::collections::HashMap;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;

mod documented;
mod files;
mod production;

fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    let vars: HashMap<&str, &str> = vars.iter().copied().collect();
    Config::from_vars(|name| vars.get(name).map(|value| (*value).to_owned()))
}

/// The variables that are complained of.
fn complaints(vars: &[(&str, &str)]) -> Vec<String> {
    match config(vars) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0.into_iter().map(|problem| problem.variable).collect(),
    }
}

fn redis_urls(vars: &[(&str, &str)]) -> Vec<String> {
    match config(vars).unwrap().redis {
        None => Vec::new(),
        Some(RedisConfig::Single { url }) => vec![url.expose_secret().to_owned()],
        Some(RedisConfig::Cluster { nodes }) => nodes.iter().map(|url| url.expose_secret().to_owned()).collect(),
    }
}

#[test]
fn nothing_set_is_a_development_installation() {
    let config = config(&[]).unwrap();
    assert_eq!(config.environment, Environment::Development);
    assert_eq!((config.host.to_string().as_str(), config.port), ("127.0.0.1", 8080));
    assert!(!config.debug);
    assert!(config.database_url.is_none() && config.redis.is_none() && config.firebase.is_none());
    assert!(config.sms.smtp.is_none() && config.secret_key.is_none() && config.public_url.is_none());
    assert_eq!(config.data_dir, PathBuf::from("./data"));
    assert_eq!(config.sms.providers, [Provider::Console]);
    assert_eq!((config.otp.length, config.otp.max_guesses), (6, 5));
    assert_eq!((config.otp.ttl, config.otp.resend), (Duration::from_mins(10), Duration::from_secs(30)));
    assert_eq!((config.otp.per_hour, config.otp.per_day), (5, 20));
    let address = config.otp.address;
    assert_eq!((address.requests_per_hour, address.requests_per_day, address.verifications_per_hour), (10, 50, 60));
    assert!(config.sms.prices.per_hour.is_none() && config.sms.prices.per_day.is_none());
    assert_eq!(config.phone.default_region, phonenumber::country::US);
    assert!(config.phone.allowed_countries.is_empty() && config.test_phones.codes.is_empty());
    assert_eq!(config.jwt.issuer, "http://localhost:8080");
    assert_eq!(config.jwt.audience, "chemstock");
    assert_eq!(config.jwt.access_ttl, Duration::from_mins(10));
    assert_eq!(config.jwt.refresh_ttl, Duration::from_hours(30 * 24));
    assert_eq!(config.sign_up, SignUp::Invite);
    assert!(config.otlp_endpoint.is_none(), "traces go nowhere");
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let config = config(&[("PORT", ""), ("REDIS_URL", "  "), ("TWILIO_ACCOUNT_SID", "")]).unwrap();
    assert_eq!(config.port, 8080);
    assert!(config.redis.is_none());
}

/// One wrong thing at a time.
const MALFORMED: [(&str, &str); 72] = [
    ("ENVIRONMENT", "staging"),
    ("DEBUG", "verbose"),
    ("HOST", "localhost"),
    ("PORT", "65536"),
    ("DATABASE_URL", "mysql://localhost/chemstock"),
    ("MIGRATE_DATABASE_URL", "localhost/chemstock"),
    ("MIGRATE_DATABASE_URL", "postgresql://without-one-that-serves/chemstock"),
    ("REDIS_URL", "http://localhost:6379"),
    ("REDIS_HOST", "localhost:6379"),
    ("REDIS_HOST", "redis://localhost"),
    ("REDIS_CLUSTER_NODES", "a:6379,http://b"),
    ("REDIS_PASSWORD", "alone"),
    ("OTP_LENGTH", "5"),
    ("OTP_LENGTH", "9"),
    ("OTP_TTL_SECONDS", "601"),
    ("OTP_TTL_SECONDS", "10 minutes"),
    ("OTP_MAX_GUESSES", "0"),
    ("OTP_RESEND_SECONDS", "-1"),
    ("MAX_OTP_ATTEMPTS_PER_HOUR", "0"),
    ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_HOUR", "0"),
    ("MAX_OTP_REQUESTS_PER_ADDRESS_PER_DAY", "many"),
    ("MAX_OTP_VERIFICATIONS_PER_ADDRESS_PER_HOUR", "-1"),
    ("SMS_PRICES", "US=cheap"),
    ("SMS_PRICES", "Atlantis=0.01"),
    ("SMS_PRICES", "US=-1"),
    ("SMS_CURRENCY", "dollars"),
    ("SMS_COUNTRY_BUDGETS_PER_DAY", "Atlantis=1"),
    ("SMS_COUNTRY_BUDGETS_PER_DAY", "US=0"),
    ("SMS_BUDGET_PER_HOUR", "0"),
    ("SMS_BUDGET_PER_DAY", "1,000"),
    ("MAX_OTP_ATTEMPTS_PER_DAY", "many"),
    ("PHONE_DEFAULT_REGION", "USA"),
    ("PHONE_ALLOWED_COUNTRIES", "US,XX"),
    ("TEST_PHONE_NUMBERS", "+15005550006"),
    ("TEST_PHONE_NUMBERS", "+15005550006=12345"),
    ("TEST_PHONE_NUMBERS", "5005550006=123456"),
    ("TEST_PHONE_NUMBERS_UNTIL", "31.01.2027"),
    ("ACCESS_TOKEN_SECONDS", "86400"),
    ("REFRESH_TOKEN_DAYS", "0"),
    ("SECRET_KEY", "thirty-one bytes are one short."),
    ("SIGN_UP", "closed"),
    ("BOOTSTRAP_OWNER_PHONE", "202-555-0123"),
    ("TRUSTED_PROXIES", "10.0.0.0/33"),
    ("CORS_ORIGINS", "https://app.example.org/"),
    ("CORS_ORIGINS", "https://app.example.org:443"),
    ("CORS_ORIGINS", "*,https://app.example.org"),
    ("CORS_ORIGINS", "app.example.org"),
    ("PUBLIC_URL", "chemstock.example.org"),
    ("METRICS_ADDR", "9090"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
    ("SMS_PROVIDERS", "console,pigeon"),
    ("SMS_PROVIDERS", "console,console"),
    ("SMS_PROVIDERS", "twilio"),
    ("TWILIO_WHATSAPP_NUMBER", "whatsapp"),
    ("TWILIO_BASE_URL", "http://api.twilio.com"),
    ("SMS_PROVIDERS", "smtp"),
    ("SIMULATOR_SENDER", "5005550006"),
    ("ANDROID_APP_HASH", "FA+9qCX9VS"),
    ("AWS_SNS_SENDER_ID", "a name that is too long"),
    ("AWS_SNS_MAX_PRICE", "-1"),
    ("AWS_SNS_TOPIC_ARN", "chemstock"),
    ("BIRD_BASE_URL", "http://api.bird.com"),
    ("WHATSAPP_LANGUAGES", "en, German"),
    ("WHATSAPP_LANGUAGES", "pt-BR"),
    ("AWS_SNS_ENDPOINT_URL", "sns.us-east-1.amazonaws.com"),
    ("VONAGE_BASE_URL", "http://127.0.0.1.example.org"),
    ("FIREBASE_JWKS_URL", "ftp://localhost/keys"),
    ("FIREBASE_TOKEN_URI", "http://oauth2.googleapis.com/token"),
    ("FIREBASE_AUTH_EMULATOR_HOST", "http://localhost:9099"),
    ("FIREBASE_APP_CHECK", "on"),
    ("FIREBASE_PROJECT_NUMBER", "chem-lab-1"),
    ("FIREBASE_APP_CHECK_JWKS_URL", "http://firebaseappcheck.googleapis.com"),
];

#[test]
fn each_malformed_value_is_named() {
    for (name, value) in MALFORMED {
        assert_eq!(complaints(&[(name, value)]), [name], "{name}={value}");
    }
}

#[test]
fn who_names_messagebird_and_its_successor_is_told_so_and_not_that_a_name_comes_twice() {
    let vars = [
        ("MESSAGEBIRD_ACCESS_KEY", "k"),
        ("MESSAGEBIRD_ORIGINATOR", "Chemstock"),
        ("BIRD_ACCESS_KEY", "k"),
        ("BIRD_WORKSPACE_ID", "w"),
        ("BIRD_CHANNEL_ID", "c"),
    ];
    let said = |named| {
        let vars = [&vars[..], &[("SMS_PROVIDERS", named)]].concat();
        config(&vars).map(|config| config.sms.providers).map_err(|errors| errors.to_string())
    };
    for both in ["messagebird,bird", "bird,messagebird"] {
        let said = said(both).unwrap_err();
        assert!(said.contains("bird takes the place of messagebird") && !said.contains("twice"), "{said}");
    }
    assert!(said("messagebird,messagebird").unwrap_err().contains("names messagebird twice"));
    assert!(said("bird,bird").unwrap_err().contains("names bird twice"));
    assert_eq!(said("messagebird").unwrap(), [Provider::Bird]);
}

#[test]
fn a_mail_server_has_a_scheme_a_host_and_nothing_behind() {
    let from = ("EMAIL_FROM", "Chemstock <codes@example.org>");
    for bad in ["smtp.example.org", "https://smtp.example.org", "smtp://", "smtps://smtp.example.org?tls=none"] {
        assert_eq!(complaints(&[("SMTP_URL", bad), from]), ["SMTP_URL"], "{bad}");
    }
    for good in ["smtp://smtp.example.org", "smtps://user:p%40ss@smtp.example.org:465/"] {
        assert!(complaints(&[("SMTP_URL", good), from]).is_empty(), "{good}");
    }
}

#[test]
fn other_endpoints_are_https_or_on_this_machine() {
    for url in ["https://proxy.example.org/twilio/", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost"] {
        assert!(complaints(&[("TWILIO_BASE_URL", url)]).is_empty(), "{url}");
    }
}

#[test]
fn half_of_a_providers_credentials_names_what_is_missing() {
    type Set<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Set, &[&str]); 10] = [
        (&[("TWILIO_ACCOUNT_SID", "AC1")], &["TWILIO_AUTH_TOKEN", "TWILIO_PHONE_NUMBER"]),
        (&[("TWILIO_PHONE_NUMBER", "+12025550123")], &["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]),
        (&[("BIRD_ACCESS_KEY", "k")], &["BIRD_WORKSPACE_ID", "BIRD_CHANNEL_ID"]),
        (&[("TWILIO_CONTENT_SID", "HX1")], &["TWILIO_WHATSAPP_NUMBER"]),
        (&[("AWS_ACCESS_KEY_ID", "AK")], &["AWS_SECRET_ACCESS_KEY", "AWS_REGION"]),
        (&[("MESSAGEBIRD_ORIGINATOR", "Lab")], &["MESSAGEBIRD_ACCESS_KEY"]),
        (&[("VONAGE_API_KEY", "k"), ("VONAGE_FROM", "Lab")], &["VONAGE_API_SECRET"]),
        (&[("WHATSAPP_TEMPLATE", "t")], &["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN"]),
        (&[("EMAIL_FROM", "codes@example.org")], &["SMTP_URL"]),
        (&[("FIREBASE_CLIENT_EMAIL", "a@b.c")], &["FIREBASE_PRIVATE_KEY"]),
    ];
    for (vars, missing) in cases {
        assert_eq!(complaints(vars), missing, "{vars:?}");
    }
    assert!(complaints(&[("AWS_REGION", "us-east-1")]).is_empty(), "hosts on AWS set it by themselves");
}

#[test]
fn providers_are_those_set_up_unless_an_order_is_given() {
    let twilio = [("TWILIO_ACCOUNT_SID", "AC1"), ("TWILIO_AUTH_TOKEN", "t"), ("TWILIO_MESSAGING_SERVICE_SID", "MG1")];
    let vonage = [("VONAGE_API_KEY", "k"), ("VONAGE_API_SECRET", "s"), ("VONAGE_FROM", "Lab")];
    let both = [&vonage[..], &twilio[..]].concat();
    let found = config(&both).unwrap().sms;
    assert_eq!(found.providers, [Provider::Twilio, Provider::Vonage]);
    assert_eq!(found.twilio.unwrap().sender, Some(TwilioSender::MessagingService("MG1".to_owned())));

    let ordered = [&both[..], &[("SMS_PROVIDERS", "vonage, simulator,twilio")]].concat();
    let expected = [Provider::Vonage, Provider::Simulator, Provider::Twilio];
    assert_eq!(config(&ordered).unwrap().sms.providers, expected);
}

#[test]
fn redis_is_one_of_host_url_and_cluster() {
    let host = [("REDIS_HOST", "r"), ("REDIS_PORT", "6380"), ("REDIS_PASSWORD", "p@ss/w:rd"), ("REDIS_DB", "2")];
    assert_eq!(redis_urls(&host), ["redis://:p%40ss%2Fw%3Ard@r:6380/2"]);
    assert_eq!(redis_urls(&[("REDIS_HOST", "[::1]")]), ["redis://[::1]:6379/0"]);
    let url = ("REDIS_URL", "rediss://default:pw@r.example.org:6380/0#insecure");
    assert_eq!(redis_urls(&[url, ("REDIS_PORT", "tcp://10.0.0.1:6379")]), [url.1]);
    let nodes = [("REDIS_CLUSTER_NODES", "a:1, rediss://:own@b:2"), ("REDIS_PASSWORD", "pw")];
    assert_eq!(redis_urls(&nodes), ["redis://:pw@a:1", "rediss://:own@b:2"]);
    assert_eq!(complaints(&[("REDIS_HOST", "r"), url]), ["REDIS_HOST"]);
    assert_eq!(complaints(&[("REDIS_HOST", "r"), ("REDIS_PORT", "tcp://10.0.0.1:6379")]), ["REDIS_PORT"]);
}

#[test]
fn the_end_of_test_numbers_is_a_day_or_an_instant() {
    for (text, until) in [("2027-01-31", "2027-02-01T00:00:00Z"), ("2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z")]
    {
        let vars = [("TEST_PHONE_NUMBERS", "+15005550006=123456"), ("TEST_PHONE_NUMBERS_UNTIL", text)];
        let phones = config(&vars).unwrap().test_phones;
        let until = until.parse().unwrap();
        assert_eq!(phones.until, Some(until));
        assert_eq!(phones.code("+15005550006", until - chrono::Duration::seconds(1)), Some("123456"));
        assert_eq!(phones.code("+15005550006", until), None);
        assert_eq!(phones.code("+15005550007", until - chrono::Duration::seconds(1)), None);
    }
}

#[test]
fn a_service_account_key_has_its_line_breaks_back() {
    let key = r"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";
    let vars = [("FIREBASE_PROJECT_ID", "p"), ("FIREBASE_PRIVATE_KEY", key), ("FIREBASE_CLIENT_EMAIL", "a@b.c")];
    let account = config(&vars).unwrap().firebase.unwrap().service_account.unwrap();
    let expected = "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n";
    assert_eq!(account.private_key.expose_secret(), expected);
    assert_eq!(complaints(&vars[1..]), ["FIREBASE_PROJECT_ID"]);
}

#[test]
fn a_country_has_its_price_and_every_other_that_of_the_star() {
    let vars = [("SMS_PRICES", "US=0.0079, ca=0.0075, *=0.08"), ("SMS_BUDGET_PER_DAY", "40.00")];
    let prices = config(&vars).unwrap().sms.prices;
    let of = |country| prices.of(country).to_string();
    assert_eq!(of(Some(phonenumber::country::US)), "0.0079");
    assert_eq!(of(Some(phonenumber::country::CA)), "0.0075");
    assert_eq!([of(Some(phonenumber::country::KR)), of(None)], ["0.08", "0.08"]);
    assert_eq!(prices.per_day.unwrap().to_string(), "40.00");
}

#[test]
fn a_budget_needs_a_price_for_every_country() {
    assert_eq!(complaints(&[("SMS_BUDGET_PER_HOUR", "5")]), ["SMS_PRICES"]);
    assert_eq!(complaints(&[("SMS_BUDGET_PER_DAY", "5"), ("SMS_PRICES", "US=0.01")]), ["SMS_PRICES"]);
}
