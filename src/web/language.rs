//! The language that a client prefers (RFC 9110 section 12.5.4).

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use crate::base::language::{AcceptLanguage, Language};

impl<S: Sync> FromRequestParts<S> for AcceptLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lines = parts.headers.get_all(header::ACCEPT_LANGUAGE).iter();
        let accepted: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        Ok(Self(Language::negotiate(&accepted.join(","))))
    }
}
