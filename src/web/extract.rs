//! Extractors that refuse with a problem and say where: a JSON pointer into the body, or the parameter's name.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{catalogue::general, clearing, json, problem::Problem, reading, sentence};
use crate::base::error::{Error, Field};

/// A JSON body, in or out.
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        if !is_json(&request) {
            return Err(Problem::new(general::MEDIA_TYPE).into_response());
        }
        let is_patch = *request.method() == Method::PATCH;
        // The rejection keeps its own status: 413 for a body over the limit.
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        let value = if is_patch { clearing::parse_patch(&body) } else { reading::parse(&body) };
        value.map(Self).map_err(IntoResponse::into_response)
    }
}

fn is_json(request: &Request) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
            Err(cause) => Error::Internal(cause.into()).into_response(),
        }
    }
}

/// The query string.
pub struct Query<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // `?cursor=` and `?cursor` mean no cursor, as a form sends it. In `?q=x=` the value is `x=`.
        let said = parts.uri.query().unwrap_or_default().split('&');
        let said = said.filter(|pair| pair.split_once('=').is_some_and(|(_, value)| !value.is_empty()));
        let said = said.collect::<Vec<_>>();
        if let Some(broken) = said.iter().find(|pair| !is_text(pair)) {
            let name = form_urlencoded::parse(broken.as_bytes()).next().map(|(name, _)| name).unwrap_or_default();
            let error = Field::new(
                format!("?{name}"),
                "is not UTF-8: a letter beyond ASCII is written as the bytes of its UTF-8",
            );
            return Err(Problem::new(general::MALFORMED).errors(vec![error]));
        }
        let said = said.join("&");
        let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded::parse(said.as_bytes()));
        serde_path_to_error::deserialize(deserializer).map(Self).map_err(|error| {
            let (path, cause) = (error.path().to_string(), error.into_inner().to_string());
            let (below, detail) = sentence::of(&cause);
            let name = below.unwrap_or(if path == "." { "" } else { &path });
            Problem::new(general::INVALID).errors(vec![Field::new(format!("?{name}"), detail)])
        })
    }
}

/// Whether it is UTF-8 once its percent signs are decoded.
fn is_text(pair: &str) -> bool {
    let mut bytes = Vec::with_capacity(pair.len());
    let mut parts = pair.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let code = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(byte) => bytes.push(byte),
            None => bytes.push(b'%'),
        }
        bytes.extend_from_slice(part.get(if code.is_some() { 2 } else { 0 }..).unwrap_or_default().as_bytes());
    }
    std::str::from_utf8(&bytes).is_ok()
}

/// The variables of the path. A variable of the wrong form names nothing: 404. One that is not UTF-8 cannot be read:
/// 400.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[expect(clippy::disallowed_types, reason = "this is the wrapper")]
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|path| Self(path.0)).map_err(|rejection| refused(&rejection))
    }
}

fn refused(rejection: &axum::extract::rejection::PathRejection) -> Problem {
    use axum::extract::{path::ErrorKind, rejection::PathRejection};
    let kind =
        if let PathRejection::FailedToDeserializePathParams(cause) = rejection { Some(cause.kind()) } else { None };
    let part = match kind {
        Some(ErrorKind::InvalidUtf8InPathParam { key }) => return Error::PathNotUtf8(key.clone()).into(),
        Some(ErrorKind::ParseErrorAtKey { key, .. } | ErrorKind::DeserializeError { key, .. }) => format!("`{key}`"),
        _ => "a part".to_owned(),
    };
    Problem::new(general::NOT_FOUND).detail(format!("{part} in the path is not one that anything here can have"))
}
