//! A request of a provider to us, as tests make it.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chemstock::clients::outbound::Callback;
use chrono::{DateTime, Utc};

#[derive(Debug, Clone)]
pub struct Posted {
    pub url: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Posted {
    pub fn new(url: &str, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).expect("plain")));
        Self { url: url.to_owned(), headers: headers.collect(), body: body.into() }
    }

    pub fn at(&self, now: DateTime<Utc>) -> Callback<'_> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        Callback { url: &self.url, query, headers: &self.headers, body: &self.body, now }
    }

    /// One byte of each part, changed.
    pub fn flipped(&self) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        for index in 0..self.body.len() {
            let mut other = self.clone();
            other.body[index] ^= 1;
            all.push((format!("byte {index} of the body"), other));
        }
        for index in 0..self.url.len() {
            let mut bytes = self.url.clone().into_bytes();
            bytes[index] ^= 1;
            let other = Self { url: String::from_utf8(bytes).expect("ASCII"), ..self.clone() };
            all.push((format!("byte {index} of the URL"), other));
        }
        for (name, value) in &self.headers {
            for index in 0..value.len() {
                let mut bytes = value.as_bytes().to_vec();
                bytes[index] ^= 1;
                // Some bytes cannot stand in a header.
                let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
                let mut other = self.clone();
                other.headers.insert(name, value);
                all.push((format!("byte {index} of {name}"), other));
            }
        }
        all
    }
}
