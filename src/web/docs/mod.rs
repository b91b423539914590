//! `/docs` (Swagger UI, served by this program alone) and `/openapi.json`.

mod file;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    http::HeaderMap,
    response::{IntoResponse, Redirect},
    routing::get,
};

use self::file::File;

const VENDORED: [&str; 4] = ["swagger-ui.css", "swagger-ui-bundle.js", "favicon-16x16.png", "favicon-32x32.png"];

/// The page, its files, and the document that it shows.
pub fn routes<S: Clone + Send + Sync + 'static>(document: String) -> Router<S> {
    let page = Arc::new(File::new(include_str!("page.html"), "text/html; charset=utf-8", "no-cache"));
    let document = Arc::new(File::new(document, "application/json", "no-cache"));
    let files = files();
    Router::new()
        .route("/docs", get(async move |asked: HeaderMap| page.answer(&asked).await))
        .route("/docs/", get(async || Redirect::permanent("/docs")))
        .route("/openapi.json", get(async move |asked: HeaderMap| document.answer(&asked).await))
        .route(
            "/docs/{file}",
            get(async move |super::Path(name): super::Path<String>, asked: HeaderMap| match files.get(&*name) {
                Some(file) => file.answer(&asked).await,
                None => super::fallback().await.into_response(),
            }),
        )
}

fn files() -> Arc<BTreeMap<&'static str, File>> {
    let config = Arc::new(utoipa_swagger_ui::Config::default());
    let vendored = VENDORED.into_iter().filter_map(|name| {
        let file = utoipa_swagger_ui::serve(name, config.clone()).ok().flatten()?;
        Some((name, File::new(file.bytes.into_owned(), &file.content_type, "public, max-age=86400")))
    });
    let start = File::new(include_str!("start.js"), "text/javascript; charset=utf-8", "no-cache");
    let style = File::new(include_str!("page.css"), "text/css; charset=utf-8", "no-cache");
    Arc::new(vendored.chain([("start.js", start), ("page.css", style)]).collect())
}
