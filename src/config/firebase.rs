//! Firebase login, and the service account for what a project id alone does not allow.

use secrecy::SecretString;

use super::urls;
use super::vars::Vars;

#[derive(Debug, Clone)]
pub struct FirebaseConfig {
    pub project_id: String,
    /// Absent: sign-in works, revocation checks and custom tokens do not.
    pub service_account: Option<ServiceAccount>,
    /// `host:port` of the emulator, whose tokens are unsigned.
    pub emulator_host: Option<String>,
    /// Firebase ID tokens pass as bearer tokens of the API.
    pub bearer: bool,
    /// How old the sign-in behind an ID token may be that is traded for a session.
    pub sign_in_max_days: i64,
    pub jwks_url: String,
    pub identity_base_url: String,
    pub app_check: AppCheckConfig,
}

/// App Check tells the installation's own apps from whatever else asks for codes.
#[derive(Debug, Clone)]
pub struct AppCheckConfig {
    pub mode: AppCheckMode,
    /// App Check names a project by its number. There whenever the mode is not `Off`.
    pub project_number: Option<String>,
    pub jwks_url: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppCheckMode {
    Off,
    /// Counts and logs, and refuses nobody.
    Monitor,
    Enforce,
}

/// The fields of the JSON file that Google hands out.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    pub private_key_id: Option<String>,
    /// PKCS#8 PEM.
    pub private_key: SecretString,
    pub client_email: String,
    pub client_id: Option<String>,
    pub auth_uri: String,
    pub token_uri: String,
    pub auth_provider_x509_cert_url: String,
    pub client_x509_cert_url: Option<String>,
}

const APP_CHECK_JWKS: &str = "https://firebaseappcheck.googleapis.com/v1/jwks";
const JWKS: &str = "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";

pub(super) fn read(vars: &mut Vars) -> Option<FirebaseConfig> {
    let project_id = vars.text("FIREBASE_PROJECT_ID");
    let service_account = service_account(vars);
    let emulator_host = vars.parsed("FIREBASE_AUTH_EMULATOR_HOST", "host:port, without http://", |text| {
        let (host, port) = text.rsplit_once(':')?;
        (!host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok()).then(|| text.to_owned())
    });
    let bearer = vars.flag("FIREBASE_BEARER");
    let sign_in_max_days = vars.number("FIREBASE_SIGN_IN_MAX_DAYS", 1..=3650, 30);
    let jwks_url = urls::outside(vars, "FIREBASE_JWKS_URL", JWKS);
    let identity = "https://identitytoolkit.googleapis.com";
    let identity_base_url = urls::outside(vars, "FIREBASE_IDENTITY_BASE_URL", identity);

    let app_check = app_check(vars);

    let needs_project = [
        (service_account.is_some(), "FIREBASE_PRIVATE_KEY"),
        (emulator_host.is_some(), "FIREBASE_AUTH_EMULATOR_HOST"),
        (bearer, "FIREBASE_BEARER"),
        (app_check.mode != AppCheckMode::Off, "FIREBASE_APP_CHECK"),
    ];
    if let (None, Some((_, name))) = (&project_id, needs_project.iter().find(|(set, _)| *set)) {
        let wrong = format!("is missing, though {name} is set");
        vars.problem("FIREBASE_PROJECT_ID", wrong, "set it, or remove every variable of Firebase");
    }
    let project_id = project_id?;
    Some(FirebaseConfig {
        project_id,
        service_account,
        emulator_host,
        bearer,
        sign_in_max_days,
        jwks_url,
        identity_base_url,
        app_check,
    })
}

fn app_check(vars: &mut Vars) -> AppCheckConfig {
    let modes = [("off", AppCheckMode::Off), ("monitor", AppCheckMode::Monitor), ("enforce", AppCheckMode::Enforce)];
    let mode = vars.choice("FIREBASE_APP_CHECK", &modes, AppCheckMode::Off);
    let project_number = vars.parsed("FIREBASE_PROJECT_NUMBER", "the digits of the project's number", |text| {
        (text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.to_owned())
    });
    let jwks_url = urls::outside(vars, "FIREBASE_APP_CHECK_JWKS_URL", APP_CHECK_JWKS);
    if mode != AppCheckMode::Off && project_number.is_none() && !vars.has_problem_with(&["FIREBASE_PROJECT_NUMBER"]) {
        let remedy = "set it to the project number of the Firebase console, or FIREBASE_APP_CHECK to off";
        vars.problem("FIREBASE_PROJECT_NUMBER", "is missing, though FIREBASE_APP_CHECK is on", remedy);
    }
    AppCheckConfig { mode, project_number, jwks_url }
}

fn service_account(vars: &mut Vars) -> Option<ServiceAccount> {
    let both = vars.together("the Firebase service account", ["FIREBASE_PRIVATE_KEY", "FIREBASE_CLIENT_EMAIL"]);
    let private_key = vars.parsed("FIREBASE_PRIVATE_KEY", "the private_key of the service account file", |text| {
        let key = text.replace("\\n", "\n");
        let is_pem = key.starts_with("-----BEGIN PRIVATE KEY-----") && key.contains("-----END PRIVATE KEY-----");
        is_pem.then(|| SecretString::from(key))
    });
    let client_email = vars.parsed("FIREBASE_CLIENT_EMAIL", "the client_email of the service account file", |text| {
        text.contains('@').then(|| text.to_owned())
    });
    let private_key_id = vars.text("FIREBASE_PRIVATE_KEY_ID");
    let client_id = vars.text("FIREBASE_CLIENT_ID");
    let auth_uri = urls::outside(vars, "FIREBASE_AUTH_URI", "https://accounts.google.com/o/oauth2/auth");
    let token_uri = urls::outside(vars, "FIREBASE_TOKEN_URI", "https://oauth2.googleapis.com/token");
    let certificates = "https://www.googleapis.com/oauth2/v1/certs";
    let auth_provider_x509_cert_url = urls::outside(vars, "FIREBASE_AUTH_PROVIDER_X509_CERT_URL", certificates);
    let client_x509_cert_url = Some(urls::outside(vars, "FIREBASE_CLIENT_X509_CERT_URL", ""));
    both?;
    Some(ServiceAccount {
        private_key_id,
        private_key: private_key?,
        client_email: client_email?,
        client_id,
        auth_uri,
        token_uri,
        auth_provider_x509_cert_url,
        client_x509_cert_url: client_x509_cert_url.filter(|url| !url.is_empty()),
    })
}
