//! A Google of our own on the loopback: keys, access tokens for a service account, and accounts; and what it signs. It
//! can be away, slow or out of its mind, and counts what it is asked.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Response, StatusCode, header},
    routing::{get, post},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub use self::signing::*;

mod signing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// 503.
    Down,
    /// Longer than anybody waits.
    Slow,
    Garbage,
    Endless,
}

pub struct Google {
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    url: String,
    mood: Mutex<Mood>,
    cache_control: Mutex<String>,
    published: Mutex<Vec<Value>>,
    accounts: Mutex<HashMap<String, Value>>,
    key_fetches: AtomicUsize,
    grants: AtomicUsize,
    look_ups: AtomicUsize,
}

impl Google {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::new(Inner {
            url: url.clone(),
            mood: Mutex::new(Mood::Well),
            cache_control: Mutex::new("public, max-age=21600, must-revalidate, no-transform".to_owned()),
            published: Mutex::new(vec![keys().google.jwk.clone()]),
            accounts: Mutex::default(),
            key_fetches: AtomicUsize::new(0),
            grants: AtomicUsize::new(0),
            look_ups: AtomicUsize::new(0),
        });
        let (jwks, token, look_up) = (inner.clone(), inner.clone(), inner.clone());
        let routes = Router::new()
            .route("/jwks", get(async move || jwks.jwks().await))
            .route("/token", post(async move |body: String| token.grant(&body).await))
            .route(
                "/v1/projects/{project}/accounts:lookup",
                post(async move |headers: HeaderMap, body: String| look_up.look_up(&headers, &body).await),
            );
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { url, inner }
    }

    /// The configuration that leads here, with a service account.
    pub fn vars(&self) -> Vec<(&'static str, String)> {
        let mut vars = self.vars_without_account();
        vars.extend([
            ("FIREBASE_CLIENT_EMAIL", ACCOUNT.to_owned()),
            ("FIREBASE_PRIVATE_KEY_ID", keys().account.kid.to_owned()),
            ("FIREBASE_PRIVATE_KEY", keys().account.pem.replace('\n', "\\n")),
            ("FIREBASE_TOKEN_URI", format!("{}/token", self.url)),
        ]);
        vars
    }

    pub fn vars_without_account(&self) -> Vec<(&'static str, String)> {
        vec![
            ("FIREBASE_PROJECT_ID", PROJECT.to_owned()),
            ("FIREBASE_PROJECT_NUMBER", NUMBER.to_owned()),
            ("FIREBASE_JWKS_URL", format!("{}/jwks", self.url)),
            ("FIREBASE_APP_CHECK_JWKS_URL", format!("{}/jwks", self.url)),
            ("FIREBASE_IDENTITY_BASE_URL", self.url.clone()),
        ]
    }

    pub fn is(&self, mood: Mood) {
        *self.inner.mood.lock().unwrap() = mood;
    }

    pub fn says_of_caching(&self, cache_control: &str) {
        cache_control.clone_into(&mut self.inner.cache_control.lock().unwrap());
    }

    pub fn publishes(&self, keys: Vec<Value>) {
        *self.inner.published.lock().unwrap() = keys;
    }

    /// What `accounts:lookup` says of it; null: it is not there. Of whom nothing is said, all is well.
    pub fn says_of(&self, uid: &str, account: Value) {
        self.inner.accounts.lock().unwrap().insert(uid.to_owned(), account);
    }

    pub fn key_fetches(&self) -> usize {
        self.inner.key_fetches.load(Ordering::SeqCst)
    }

    pub fn grants(&self) -> usize {
        self.inner.grants.load(Ordering::SeqCst)
    }

    pub fn look_ups(&self) -> usize {
        self.inner.look_ups.load(Ordering::SeqCst)
    }
}

impl Inner {
    /// None when it is well.
    async fn indisposed(&self) -> Option<Response<Body>> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Well => None,
            Mood::Down => Some(answer(StatusCode::SERVICE_UNAVAILABLE, "away")),
            Mood::Garbage => Some(answer(StatusCode::OK, "<html>Sign in to the hotel's network</html>")),
            Mood::Endless => Some(answer(StatusCode::OK, format!("{{\"keys\": [{}", " ".repeat(8 * 1024 * 1024)))),
            Mood::Slow => {
                tokio::time::sleep(Duration::from_mins(1)).await;
                None
            }
        }
    }

    async fn jwks(&self) -> Response<Body> {
        self.key_fetches.fetch_add(1, Ordering::SeqCst);
        if let Some(answer) = self.indisposed().await {
            return answer;
        }
        // Long enough for everybody else to come, too.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let mut answer = answer(StatusCode::OK, json!({"keys": *self.published.lock().unwrap()}).to_string());
        let caching = self.cache_control.lock().unwrap().parse().expect("a header");
        answer.headers_mut().insert(header::CACHE_CONTROL, caching);
        answer
    }

    async fn grant(&self, body: &str) -> Response<Body> {
        let number = self.grants.fetch_add(1, Ordering::SeqCst);
        if let Some(answer) = self.indisposed().await {
            return answer;
        }
        let form: HashMap<String, String> = serde_urlencoded::from_str(body).unwrap_or_default();
        if !self.is_a_good_assertion(&form) {
            return answer(StatusCode::BAD_REQUEST, r#"{"error": "invalid_grant"}"#);
        }
        let granted = json!({"access_token": format!("access-{number}"), "expires_in": 3599, "token_type": "Bearer"});
        answer(StatusCode::OK, granted.to_string())
    }

    fn is_a_good_assertion(&self, form: &HashMap<String, String>) -> bool {
        let jwk: Jwk = serde_json::from_value(keys().account.jwk.clone()).expect("a JWK");
        let mut validation = Validation::new(Algorithm::RS256);
        // The clock of the test is not the machine's.
        validation.validate_exp = false;
        validation.set_audience(&[format!("{}/token", self.url)]);
        validation.set_issuer(&[ACCOUNT]);
        let assertion = form.get("assertion").map(String::as_str).unwrap_or_default();
        let read = jsonwebtoken::decode::<Value>(assertion, &DecodingKey::from_jwk(&jwk).expect("a key"), &validation);
        read.is_ok_and(|read| {
            let lifetime = read.claims["exp"].as_i64().unwrap_or_default() - read.claims["iat"].as_i64().unwrap_or(-1);
            read.header.kid.as_deref() == Some(keys().account.kid)
                && form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
                && read.claims["scope"] == "https://www.googleapis.com/auth/identitytoolkit"
                && (1..=3600).contains(&lifetime)
        })
    }

    async fn look_up(&self, headers: &HeaderMap, body: &str) -> Response<Body> {
        self.look_ups.fetch_add(1, Ordering::SeqCst);
        if let Some(answer) = self.indisposed().await {
            return answer;
        }
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !bearer.starts_with("Bearer access-") {
            return answer(StatusCode::UNAUTHORIZED, r#"{"error": {"code": 401}}"#);
        }
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let uid = asked["localId"][0].as_str().unwrap_or_default();
        let known = self.accounts.lock().unwrap().get(uid).cloned();
        let mut account = known.unwrap_or_else(|| json!({"validSince": "1000000000"}));
        if account.is_null() {
            return answer(StatusCode::OK, r#"{"kind": "identitytoolkit#GetAccountInfoResponse"}"#);
        }
        account["localId"] = uid.into();
        answer(
            StatusCode::OK,
            json!({"kind": "identitytoolkit#GetAccountInfoResponse", "users": [account]}).to_string(),
        )
    }
}

fn answer(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer
}
