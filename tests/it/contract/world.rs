//! A lab with one of each thing, and from it the request with which an operation succeeds.

use std::collections::HashMap;

use axum::{body::Body, http};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{Api, Operation, Scope, webhook};
use crate::{
    exchange::imports::uploads,
    people::login,
    stock::containers::{bottle_of, chemical, location},
    support::{Answer, Client, TestApp, google::Google},
};

/// By the names that paths and bodies give them.
pub type Things = HashMap<&'static str, Value>;

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
        let is_typed = self.headers.iter().any(|(name, _)| *name == "content-type");
        if self.body.is_some() && !is_typed {
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
        things.extend(own);
        build(operation, &things, example)
    }
}

/// The request as the document shows it, with ids of these things.
pub fn build(operation: &Operation, things: &Things, example: Option<Value>) -> Request {
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
        body: example.map(|example| with_things(example, things).to_string()),
    };
    let request = match operation.file() {
        Some((kind, _)) => {
            let headers = request.headers.into_iter().chain([("content-type".to_owned(), kind.to_owned())]);
            let text = |body: String| serde_json::from_str(&body).expect("a text");
            Request { headers: headers.collect(), body: request.body.map(text), ..request }
        }
        None => request,
    };
    match &*operation.id {
        "receive_webhook" => webhook::signed_by_meta(request),
        "answer_webhook" => Request { query: webhook::META_ASKS.to_owned(), ..request },
        _ => request,
    }
}

async fn furnish(app: &TestApp) -> Things {
    let admin = app.client("admin").await;
    let building = location(app, None, "building", "Main building").await;
    let room = location(app, Some(building), "room", "Room 101").await;
    let bottled = chemical(app, "acetonitrile", None, Some("0.786")).await;
    let bottle = bottle_of(app, &admin, bottled, "500", "mL", json!({"location_id": building})).await;
    let import = uploads::upload(app, &admin, "some.csv", "code,chemical,amount\n").await.created();
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
        ("import_id", import["id"].clone()),
    ])
}

/// The example speaks of things by ids that nobody has; only what it gives is replaced.
fn with_things(mut example: Value, things: &Things) -> Value {
    for item in example.as_array_mut().into_iter().flatten() {
        *item = with_things(item.take(), things);
    }
    for (name, value) in example.as_object_mut().into_iter().flatten() {
        *value = match things.get(&**name) {
            Some(thing) if value.is_string() => thing.clone(),
            _ => with_things(value.take(), things),
        };
    }
    example
}

pub fn said(value: &Value) -> String {
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
