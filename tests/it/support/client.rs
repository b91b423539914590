//! What a test sends, and the answer that it gets.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use super::documented::assert_documented;

/// Somebody with a telephone.
#[derive(Clone)]
pub struct Client {
    pub(super) router: Router,
    pub token: Option<String>,
    pub user_id: Uuid,
    /// Of the socket; none as with a request that came by no socket.
    pub address: Option<IpAddr>,
}

impl Client {
    pub fn at(&self, address: &str) -> Self {
        Self { address: Some(address.parse().expect("an address")), ..self.clone() }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn with_router(&self, router: Router) -> Self {
        Self { router, ..self.clone() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub async fn post_with_key(&self, path: &str, key: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[("idempotency-key", key)], Some(body)).await
    }

    pub async fn patch(&self, path: &str, etag: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, &[("if-match", etag)], Some(body)).await
    }

    pub async fn delete(&self, path: &str, etag: &str) -> Answer {
        self.send(Method::DELETE, path, &[("if-match", etag)], None).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| body.to_string());
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        self.send_raw(request, body.map_or_else(Body::empty, Body::from)).await
    }

    pub async fn send_raw(&self, mut request: axum::http::request::Builder, body: Body) -> Answer {
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if request.headers_ref().is_some_and(|headers| !headers.contains_key(header::HOST)) {
            request = request.header(header::HOST, "localhost");
        }
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(SocketAddr::new(address, 50_000)));
        }
        let request: Request<Body> = request.body(body).expect("a request");
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.expect("never fails");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        assert_documented(&method, &path, parts.status.as_u16(), &body);
        Answer { status: parts.status, headers: parts.headers, body, text }
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        self.expect(200).body
    }

    #[track_caller]
    pub fn created(self) -> Value {
        self.expect(201).body
    }

    /// Asserts a problem of this status and type, with all that every problem has.
    #[track_caller]
    pub fn problem(self, status: u16, slug: &str) -> Value {
        let answer = self.expect(status);
        assert_eq!(answer.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.body["type"], json!(format!("/problems/{slug}")), "{}", answer.text);
        assert_eq!(answer.body["status"], json!(status));
        assert_eq!(answer.body["instance"], json!(answer.headers["x-request-id"].to_str().unwrap()));
        answer.body
    }

    /// The version in double quotes: the tag as a change needs it.
    pub fn etag(&self) -> String {
        let tag = self.tag();
        tag.split_once('-').map_or(tag.clone(), |(version, _)| format!("{version}\""))
    }

    /// The tag as it came.
    pub fn tag(&self) -> String {
        self.headers[header::ETAG].to_str().expect("ASCII").to_owned()
    }
}
