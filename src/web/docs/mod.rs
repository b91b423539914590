//! `/docs`: Swagger UI, served by this program alone, and `/openapi.json`. Each file has a tag made of its bytes, so a
//! browser fetches it once.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    Router,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

/// No script, frame or request but ours. Swagger UI sets styles on elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const VENDORED: [&str; 4] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-16x16.png", "favicon-32x32.png"];

struct File {
    bytes: axum::body::Bytes,
    kind: HeaderValue,
    tag: HeaderValue,
    /// For how long a browser may use it unasked.
    cache: HeaderValue,
}

impl File {
    fn new(bytes: impl Into<axum::body::Bytes>, kind: &str, cache: &'static str) -> Arc<Self> {
        let bytes = bytes.into();
        let digest = digest(&SHA256, &bytes);
        let tag = BASE64_URL_SAFE_NO_PAD.encode(&digest.as_ref()[..12]);
        let header = |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
        Arc::new(Self {
            bytes,
            kind: header(kind),
            tag: header(&format!("\"{tag}\"")),
            cache: HeaderValue::from_static(cache),
        })
    }

    fn answer(&self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, self.kind.clone()),
            (header::ETAG, self.tag.clone()),
            (header::CACHE_CONTROL, self.cache.clone()),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        (StatusCode::OK, headers, self.bytes.clone()).into_response()
    }
}

/// The page, its files, and the document that it shows.
pub fn routes<S: Clone + Send + Sync + 'static>(document: String) -> Router<S> {
    let page = File::new(include_str!("page.html"), "text/html; charset=utf-8", "no-cache");
    let document = File::new(document, "application/json", "no-cache");
    let files = files();
    Router::new()
        .route("/docs", get(async move || page.answer()))
        .route("/docs/", get(async || Redirect::permanent("/docs")))
        .route("/openapi.json", get(async move || document.answer()))
        .route(
            "/docs/{file}",
            get(async move |super::Path(name): super::Path<String>| match files.get(&*name) {
                Some(file) => file.answer(),
                None => super::fallback().await.into_response(),
            }),
        )
}

fn files() -> Arc<BTreeMap<&'static str, Arc<File>>> {
    let config = Arc::new(utoipa_swagger_ui::Config::default());
    let vendored = VENDORED.into_iter().filter_map(|name| {
        let file = utoipa_swagger_ui::serve(name, config.clone()).ok().flatten()?;
        Some((name, File::new(file.bytes.into_owned(), &file.content_type, "public, max-age=86400")))
    });
    let start = File::new(include_str!("start.js"), "text/javascript; charset=utf-8", "no-cache");
    Arc::new(vendored.chain([("start.js", start)]).collect())
}
