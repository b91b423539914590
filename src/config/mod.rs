//! What an installation sets. `Config` is read once, whole, and every mistake in it is told at once.

mod authorities;
mod dev_secrets;
mod dotenv;
mod firebase;
mod keys;
mod login;
mod mail;
mod names;
mod phones;
mod prices;
mod production;
mod providers;
mod redis;
mod sms;
#[cfg(test)]
mod tests;
mod urls;
mod vars;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use secrecy::SecretString;

pub use self::authorities::Authorities;
pub use self::dev_secrets::load_or_create;
pub use self::firebase::{AppCheckConfig, AppCheckMode, FirebaseConfig, ServiceAccount};
pub use self::keys::{KeyText, PrivateKeys};
pub use self::login::{AddressLimits, JwtConfig, OtpConfig, SignUp};
pub use self::mail::SmtpConfig;
pub use self::phones::{PhoneConfig, Private, TestPhones};
pub use self::prices::SmsPrices;
pub use self::providers::{
    AwsSnsConfig, BirdConfig, MessageBirdConfig, TwilioConfig, TwilioSender, TwilioWhatsApp, VonageConfig,
    WhatsAppConfig,
};
pub use self::redis::RedisConfig;
pub use self::sms::{Channel, Provider, SmsConfig};
pub use self::vars::{ConfigErrors, Problem};

use self::vars::Vars;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

#[derive(Debug, Clone)]
pub struct Config {
    pub environment: Environment,
    pub debug: bool,
    pub host: IpAddr,
    pub port: u16,
    /// Absent in development: an embedded Postgres under `data_dir`.
    pub database_url: Option<SecretString>,
    /// Of the role that owns the tables, where another one serves.
    pub migrate_database_url: Option<SecretString>,
    pub data_dir: PathBuf,
    /// Absent in development: in memory.
    pub redis: Option<RedisConfig>,
    /// Believed beside the public ones, by whatever connects with TLS.
    pub authorities: Option<Authorities>,
    pub firebase: Option<FirebaseConfig>,
    pub sms: SmsConfig,
    pub otp: OtpConfig,
    pub phone: PhoneConfig,
    pub test_phones: TestPhones,
    pub jwt: JwtConfig,
    /// Absent in development: one is made under `data_dir`.
    pub secret_key: Option<SecretString>,
    pub sign_up: SignUp,
    /// In E.164.
    pub bootstrap_owner_phone: Option<Private>,
    pub trusted_proxies: Vec<IpNet>,
    /// As browsers send them; in development perhaps a lone `*`.
    pub cors_origins: Vec<String>,
    /// Without a slash at its end.
    pub public_url: Option<String>,
    /// Those before: their labels are still on bottles.
    pub former_public_urls: Vec<String>,
    pub metrics_addr: Option<SocketAddr>,
    pub otlp_endpoint: Option<String>,
    /// What does not stop the start, but is worth a look.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads every variable through `lookup`; an empty one counts as absent.
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(&lookup).0
    }

    pub fn is_production(&self) -> bool {
        self.environment == Environment::Production
    }
}

/// With the names of all variables there are.
fn read_all(lookup: &dyn Fn(&str) -> Option<String>) -> (Result<Config, ConfigErrors>, BTreeSet<&'static str>) {
    let mut vars = Vars::new(lookup);
    let config = read(&mut vars);
    let result = if vars.problems.is_empty() { Ok(config) } else { Err(ConfigErrors(vars.problems)) };
    (result, vars.asked)
}

fn read(vars: &mut Vars) -> Config {
    let environments = [("development", Environment::Development), ("production", Environment::Production)];
    let environment = vars.choice("ENVIRONMENT", &environments, Environment::Development);
    let public_url = urls::web(vars, "PUBLIC_URL");
    let otp = login::otp(vars);
    let mut config = Config {
        environment,
        debug: vars.flag("DEBUG"),
        host: host(vars, environment),
        port: vars.number("PORT", 0..=u16::MAX, 8080),
        database_url: database_url(vars, "DATABASE_URL"),
        migrate_database_url: migrate_database_url(vars),
        data_dir: vars.text("DATA_DIR").unwrap_or_else(|| "./data".to_owned()).into(),
        redis: redis::read(vars),
        authorities: authorities::read(vars),
        firebase: firebase::read(vars),
        sms: sms::read(vars),
        phone: phones::read(vars),
        test_phones: phones::test_phones(vars, otp.length),
        otp,
        jwt: login::jwt(vars, public_url.as_deref()),
        secret_key: login::secret_key(vars),
        sign_up: login::sign_up(vars),
        bootstrap_owner_phone: phones::owner(vars),
        trusted_proxies: trusted_proxies(vars),
        cors_origins: urls::cors_origins(vars),
        public_url,
        former_public_urls: urls::webs(vars, "FORMER_PUBLIC_URLS"),
        metrics_addr: vars.parsed("METRICS_ADDR", "an address like 127.0.0.1:9090", |text| text.parse().ok()),
        otlp_endpoint: urls::web(vars, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        warnings: Vec::new(),
    };
    if config.is_production() {
        production::check(vars, &config);
    } else {
        fill_in_for_development(&mut config);
    }
    config
}

fn host(vars: &mut Vars, environment: Environment) -> IpAddr {
    let expected = "an address like 127.0.0.1 or 0.0.0.0";
    let host = vars.parsed("HOST", expected, |text| text.parse().ok());
    host.unwrap_or(match environment {
        Environment::Development => Ipv4Addr::LOCALHOST.into(),
        Environment::Production => Ipv4Addr::UNSPECIFIED.into(),
    })
}

fn database_url(vars: &mut Vars, name: &'static str) -> Option<SecretString> {
    vars.parsed(name, "a postgresql:// URL", |text| {
        urls::has_scheme(text, &["postgres", "postgresql"]).then(|| SecretString::from(text))
    })
}

fn migrate_database_url(vars: &mut Vars) -> Option<SecretString> {
    let url = database_url(vars, "MIGRATE_DATABASE_URL");
    if url.is_some() && vars.text("DATABASE_URL").is_none() {
        let remedy = "set DATABASE_URL to the same database with the role that serves";
        vars.problem("MIGRATE_DATABASE_URL", "is set without DATABASE_URL", remedy);
    }
    url
}

fn trusted_proxies(vars: &mut Vars) -> Vec<IpNet> {
    vars.list("TRUSTED_PROXIES", "networks like 10.0.0.0/8, comma-separated", |text| {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
    })
}

fn fill_in_for_development(config: &mut Config) {
    if !config.sms.has(Channel::Sms) {
        config.sms.providers.push(Provider::Console);
    }
    if config.jwt.issuer.is_empty() {
        config.jwt.issuer = format!("http://localhost:{}", config.port);
    }
}
