//! A lab with one of each thing, and from it the request with which an operation succeeds.

use std::collections::HashMap;

use axum::{body::Body, http};
use chemstock::{auth, ids};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Api, Operation, Scope, webhook};
use crate::{
    containers::{bottle_of, chemical, location},
    login,
    support::{
        Answer, Client, TestApp,
        google::{self, Google},
    },
};

/// By the names that paths and bodies give them.
type Things = HashMap<&'static str, Value>;

pub struct World {
    pub app: TestApp,
    pub api: Api,
    pub here: Things,
    /// Those of another lab.
    pub elsewhere: Things,
}

#[derive(Debug, Clone)]
pub struct Request {
    pub method: http::Method,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    /// As text, for what no JSON value can hold.
    pub body: Option<String>,
}

impl Request {
    pub async fn send(&self, by: &Client) -> Answer {
        let target = if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        let mut request = http::Request::builder().method(self.method.clone()).uri(target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if self.body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        by.send_raw(request, self.body.clone().map_or_else(Body::empty, Body::from)).await
    }

    pub fn json(&self) -> Option<Value> {
        self.body.as_ref().map(|body| serde_json::from_str(body).expect("JSON"))
    }
}

impl World {
    pub async fn new(db: PgPool) -> Self {
        let google = Google::start().await;
        let firebase = google.vars();
        let mut vars: Vec<_> = firebase.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // One telephone is used over and over.
        vars.extend([
            ("OTP_RESEND_SECONDS", "1"),
            ("MAX_OTP_ATTEMPTS_PER_HOUR", "1000"),
            ("MAX_OTP_ATTEMPTS_PER_DAY", "10000"),
        ]);
        vars.extend(webhook::VARS);
        vars.extend(login::E_MAIL);
        let mut app = TestApp::with_vars(db, &vars).await;
        let elsewhere = furnish(&app).await;
        app.new_lab("Here").await;
        let here = furnish(&app).await;
        Self { app, api: Api::read(), here, elsewhere }
    }

    /// A new lab, for an operation that would find the last one used up.
    pub async fn renew(&mut self) {
        self.app.new_lab(&Uuid::now_v7().to_string()).await;
        self.here = furnish(&self.app).await;
    }

    /// Somebody new with the right that the document names, and no more.
    pub async fn caller(&self, operation: &Operation) -> Client {
        match operation.scope() {
            Scope::Open => self.app.nobody(),
            Scope::SignedIn => self.app.stranger().await,
            Scope::Role(role) => self.app.client(role).await,
            Scope::Cataloguer => self.app.cataloguer().await,
            Scope::Owner => self.app.owner().await,
        }
    }

    /// The request as the document shows it, with ids of what is there.
    pub async fn request(&self, operation: &Operation, by: &Client) -> Request {
        self.request_with(operation, by, self.api.examples(operation).into_iter().next()).await
    }

    pub async fn request_with(&self, operation: &Operation, by: &Client, example: Option<Value>) -> Request {
        let mut things = self.here.clone();
        let mut own = self.prepare(operation, by).await;
        if operation.id == "post_event" {
            own.extend(self.before_event(by, example.as_ref()).await);
        }
        things.extend(own.clone());
        let mut path = operation.path.clone();
        for parameter in operation.parameters("path") {
            let name = parameter["name"].as_str().expect("a name");
            let value = things.get(name).unwrap_or(&parameter["example"]);
            let value = value.as_str().unwrap_or_else(|| panic!("{}: what is {name}?", operation.id));
            path = path.replace(&format!("{{{name}}}"), &encode(value));
        }
        let required = operation.parameters("query").into_iter().filter(|parameter| parameter["required"] == true);
        let pairs = required.map(|parameter| format!("{}={}", said(&parameter["name"]), said(&parameter["example"])));
        let headers = operation.parameters("header").into_iter().filter(|header| header["required"] == true);
        let request = Request {
            method: operation.method.clone(),
            path,
            query: pairs.collect::<Vec<_>>().join("&"),
            headers: headers.map(|header| (said(&header["name"]), said(&header["example"]))).collect(),
            body: example.map(|example| with_things(example, &self.here, &own).to_string()),
        };
        match &*operation.id {
            "receive_webhook" => webhook::signed_by_meta(request),
            "answer_webhook" => Request { query: webhook::META_ASKS.to_owned(), ..request },
            _ => request,
        }
    }

    /// What an operation needs beyond a furnished lab.
    async fn prepare(&self, operation: &Operation, by: &Client) -> Things {
        match &*operation.id {
            "verify_code" | "get_challenge" => {
                let (challenge, code) = login::challenge(&self.app, &self.known_phone().await).await;
                Things::from([("challenge_id", challenge), ("code", json!(code))])
            }
            "refresh_tokens" => {
                let (challenge, code) = login::challenge(&self.app, &self.known_phone().await).await;
                let pair = login::verify(&self.app, &challenge, &code).await.ok();
                Things::from([("refresh_token", pair["refresh_token"].clone())])
            }
            "exchange_id_token" => {
                let mut claims = google::phone_claims(self.app.now(), "somebody", &self.known_phone().await);
                claims["jti"] = json!(Uuid::now_v7());
                Things::from([("id_token", json!(google::sign(&claims)))])
            }
            "accept_invitation" => Things::from([("code", self.elsewhere["invitation_code"].clone())]),
            "end_session" if !by.user_id.is_nil() => Things::from([("id", json!(self.second_session(by).await))]),
            "end_session" => Things::from([("id", json!(Uuid::now_v7()))]),
            "appoint_admin" => Things::from([("user_id", json!(self.app.stranger().await.user_id))]),
            // The last owner cannot.
            "delete_me" => self.with_an_owner().await,
            // Whoever is not an admin may only leave.
            "delete_member" => Things::from([("user_id", json!(by.user_id))]),
            "look_up_chemical" => {
                self.execute("delete from chemicals where cas is not null").await;
                chemical(&self.app, "ethanol", Some("64-17-5"), None).await;
                Things::new()
            }
            "confirm_phone_change" if !by.user_id.is_nil() => {
                let (challenge, code) = login::phone_change::code_for(&self.app, by, &self.unknown_phone().await).await;
                Things::from([("challenge_id", challenge), ("code", json!(code))])
            }
            "request_email_change" if !by.user_id.is_nil() => {
                self.give_phone(by).await;
                Things::new()
            }
            "confirm_email_change" if !by.user_id.is_nil() => {
                self.give_phone(by).await;
                let (challenge, code) = login::email_change::code_for(&self.app, by, login::MAILBOX).await;
                Things::from([("challenge_id", challenge), ("code", json!(code))])
            }
            "request_code" | "request_phone_change" => {
                self.app.advance(TimeDelta::seconds(1));
                Things::new()
            }
            // The examples' names are free again.
            "create_chemical" => self.execute("delete from chemicals where cas is not null").await,
            "create_lab" | "update_lab" => self.execute("update labs set name = 'Lab ' || id").await,
            _ => Things::new(),
        }
    }

    /// Brings the container to where an event of this type can happen.
    async fn before_event(&self, by: &Client, event: Option<&Value>) -> Things {
        let earlier = match event.and_then(|event| event["type"].as_str()) {
            Some("open") => return Things::new(),
            Some("check_in") => Some("check_out"),
            Some("release") => Some("quarantine"),
            Some("find") => Some("lose"),
            Some("dispose") => Some("discard"),
            _ => None,
        };
        let ledger = self.app.path(&format!("/containers/{}/events", said(&self.here["container_id"])));
        // One that the container did not begin with can be undone.
        let withdrawn = json!({"type": "withdraw", "amount": {"value": "1", "unit": "mL"}});
        let posted = self.app.client("member").await.post(&ledger, withdrawn).await.created();
        if let Some(earlier) = earlier {
            by.post(&ledger, json!({"type": earlier, "reason": "for the next one"})).await;
        }
        Things::from([("event_id", posted["event"]["id"].clone())])
    }

    async fn with_an_owner(&self) -> Things {
        self.app.owner().await;
        Things::new()
    }

    async fn execute(&self, sql: &'static str) -> Things {
        sqlx::query(sql).execute(&self.app.db).await.expect(sql);
        Things::new()
    }

    async fn known_phone(&self) -> String {
        let (known,): (i64,) = sqlx::query_as("select count(*) from users where phone is not null")
            .fetch_one(&self.app.db)
            .await
            .expect("a count");
        let phone = format!("+1202555{:04}", 1000 + known);
        let somebody = self.app.stranger().await.user_id;
        let given = sqlx::query("update users set phone = $2 where id = $1").bind(somebody).bind(&phone);
        given.execute(&self.app.db).await.expect("a phone");
        phone
    }

    /// One that nobody has had; and time passes, for the next code to it.
    async fn give_phone(&self, to: &Client) {
        self.app.advance(TimeDelta::seconds(1));
        let given = sqlx::query("update users set phone = coalesce(phone, $2) where id = $1").bind(to.user_id);
        given.bind(self.unknown_phone().await).execute(&self.app.db).await.expect("a phone");
        auth::forget(&self.app.app, to.user_id);
    }

    /// Of a block of its own, where as many codes come back as are sent.
    async fn unknown_phone(&self) -> String {
        let (changed,): (i64,) = sqlx::query_as("select count(*) from users where phone like '+1303555%'")
            .fetch_one(&self.app.db)
            .await
            .expect("a count");
        format!("+1303555{:04}", 1000 + changed)
    }

    async fn second_session(&self, of: &Client) -> Uuid {
        let (id, now) = (ids::new(self.app.now()), self.app.now());
        sqlx::query(
            "insert into sessions (id, user_id, amr, auth_time, created_at, last_used_at, expires_at)
            values ($1, $2, '{sms}', $3, $3, $3, $4)",
        )
        .bind(id)
        .bind(of.user_id)
        .bind(now)
        .bind(now + TimeDelta::days(30))
        .execute(&self.app.db)
        .await
        .expect("a session");
        id
    }
}

async fn furnish(app: &TestApp) -> Things {
    let admin = app.client("admin").await;
    let building = location(app, None, "building", "Main building").await;
    let room = location(app, Some(building), "room", "Room 101").await;
    let bottled = chemical(app, "acetonitrile", None, Some("0.786")).await;
    let bottle = bottle_of(app, &admin, bottled, "500", "mL", json!({"location_id": building})).await;
    let invitation = admin.post(&app.path("/invitations"), json!({"role": "viewer", "max_uses": 1000})).await.created();
    Things::from([
        ("lab_id", json!(app.lab)),
        ("user_id", json!(app.client("viewer").await.user_id)),
        ("invitation_id", invitation["id"].clone()),
        ("invitation_code", invitation["code"].clone()),
        ("parent_id", json!(building)),
        // Nothing stands in that place, and nothing is made of that chemical.
        ("location_id", json!(room)),
        ("chemical_id", json!(chemical(app, "benzil", None, None).await)),
        ("container_id", bottle["id"].clone()),
    ])
}

/// The example speaks of things by ids that nobody has; only what it gives is replaced.
fn with_things(mut example: Value, here: &Things, own: &Things) -> Value {
    for (name, value) in example.as_object_mut().into_iter().flatten().filter(|(_, value)| value.is_string()) {
        if let Some(thing) = own.get(&**name).or_else(|| here.get(&**name)) {
            *value = thing.clone();
        }
    }
    example
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
