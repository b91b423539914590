//! A file that never changes while the program runs. Its tag is made of its bytes, and it is compressed once.

use std::convert::Infallible;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use tokio::sync::OnceCell;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::compression::CompressionLayer;

/// Allows only our own scripts, frames and requests. Swagger UI sets styles on elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The first one that a browser accepts is used.
const ENCODINGS: [&str; 2] = ["br", "gzip"];

pub(super) struct File {
    bytes: Bytes,
    kind: HeaderValue,
    /// Without quotes.
    tag: String,
    /// How long a browser may use it without asking again.
    cache: HeaderValue,
    /// Made at the first request; none for a picture, which is compressed already.
    compressed: [OnceCell<Option<Bytes>>; ENCODINGS.len()],
}

impl File {
    pub fn new(bytes: impl Into<Bytes>, kind: &str, cache: &'static str) -> Self {
        let bytes = bytes.into();
        let digest = digest(&SHA256, &bytes);
        Self {
            bytes,
            kind: text(kind),
            tag: BASE64_URL_SAFE_NO_PAD.encode(&digest.as_ref()[..12]),
            cache: HeaderValue::from_static(cache),
            compressed: Default::default(),
        }
    }

    pub async fn answer(&self, asked: &HeaderMap) -> Response {
        let place = ENCODINGS.iter().position(|encoding| accepts(asked, encoding));
        let compressed = match place {
            Some(place) => self.compressed[place].get_or_init(|| self.compress(ENCODINGS[place])).await.clone(),
            None => None,
        };
        let encoding = place.filter(|_| compressed.is_some()).map(|place| ENCODINGS[place]);
        let tag = encoding.map_or_else(|| self.tag.clone(), |encoding| format!("{}-{encoding}", self.tag));
        let mut response = Response::new(Body::from(compressed.unwrap_or_else(|| self.bytes.clone())));
        let headers = response.headers_mut();
        headers.extend([
            (header::CONTENT_TYPE, self.kind.clone()),
            (header::ETAG, text(&format!("\"{tag}\""))),
            (header::CACHE_CONTROL, self.cache.clone()),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ]);
        headers.extend(encoding.map(|encoding| (header::CONTENT_ENCODING, HeaderValue::from_static(encoding))));
        response
    }

    /// Uses the layer that compresses all other answers.
    async fn compress(&self, encoding: &'static str) -> Option<Bytes> {
        let plain = async |_: Request| {
            let mut response = Response::new(Body::from(self.bytes.clone()));
            response.headers_mut().insert(header::CONTENT_TYPE, self.kind.clone());
            Ok::<_, Infallible>(response)
        };
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        let Ok(response) = CompressionLayer::new().layer(service_fn(plain)).oneshot(request).await;
        let is_compressed = response.headers().contains_key(header::CONTENT_ENCODING);
        let bytes = to_bytes(Body::new(response.into_body()), usize::MAX).await.ok();
        bytes.filter(|_| is_compressed)
    }
}

fn text(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

/// Named, and not with a weight of zero (RFC 9110 section 12.5.3).
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let is_zero = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case(encoding) && !is_zero
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(list: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(list))])
    }

    #[test]
    fn an_encoding_is_accepted_when_it_is_named_with_a_weight() {
        for good in ["br", "gzip, deflate, br", "gzip,BR;q=0.5", "br; q=1"] {
            assert!(accepts(&asking(good), "br"), "{good}");
        }
        for bad in ["", "gzip", "br;q=0", "br; q=0.000", "brotli"] {
            assert!(!accepts(&asking(bad), "br"), "{bad}");
        }
        assert!(!accepts(&HeaderMap::new(), "br"));
    }

    #[tokio::test]
    async fn a_file_is_compressed_once_and_has_a_tag_for_each_form() {
        let file = File::new("long ".repeat(1000), "text/css", "no-cache");
        let mut tags = Vec::new();
        for (list, encoding) in [("br", Some("br")), ("gzip", Some("gzip")), ("deflate", None)] {
            let answer = file.answer(&asking(list)).await;
            assert_eq!(answer.headers().get(header::CONTENT_ENCODING).map(|it| it.to_str().unwrap()), encoding);
            tags.push(answer.headers()[header::ETAG].clone());
            let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            assert_eq!(bytes.len() < 100, encoding.is_some(), "{list}: {} bytes", bytes.len());
            // The very bytes that are kept, and not others that are alike.
            let again = to_bytes(file.answer(&asking(list)).await.into_body(), usize::MAX).await.unwrap();
            assert_eq!(bytes.as_ptr(), again.as_ptr(), "{list}");
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "{tags:?}");
    }

    #[tokio::test]
    async fn a_picture_is_sent_as_it_is() {
        let file = File::new("long ".repeat(1000), "image/png", "no-cache");
        let answer = file.answer(&asking("br")).await;
        assert!(!answer.headers().contains_key(header::CONTENT_ENCODING));
    }
}
