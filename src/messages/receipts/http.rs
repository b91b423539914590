#![expect(clippy::disallowed_types, reason = "open routes: providers have a signature, not a token")]

use axum::{
    body::Bytes,
    extract::{FromRequest, OriginalUri, Request, State},
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    base::error::{Error, Result},
    clients::outbound::Callback,
    config::Provider,
    messages::providers::providers,
    platform::app::App,
    web::{self, Path},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(receive_webhook, answer_webhook))
}

/// Receive a delivery receipt
///
/// For the providers, which sign it in their own ways: `twilio`, `vonage`, `messagebird`, `bird`, `whatsapp` and
/// `aws_sns` (a topic with delivery reports). The body is a form or JSON, as each has it. What is signed wrongly is
/// refused; what comes twice changes nothing.
#[utoipa::path(post, path = "/webhooks/{provider}", tag = "system", security(()),
    params(("provider" = String, Path, example = "whatsapp")),
    responses((status = 204, description = "Heard"), web::Failures))]
async fn receive_webhook(
    State(app): State<App>,
    Path(provider): Path<String>,
    request: WholeRequest,
) -> Result<StatusCode> {
    request.hear(&app, &provider).await
}

/// Answer the check of a provider
///
/// `messagebird` and `vonage` send receipts so; `whatsapp` sends the challenge with which its webhook is set up.
#[utoipa::path(get, path = "/webhooks/{provider}", tag = "system", security(()),
    params(("provider" = String, Path, example = "whatsapp")),
    responses((status = 200, description = "The challenge, for `whatsapp`", body = String, content_type = "text/plain"),
        (status = 204, description = "Heard"), web::Failures))]
async fn answer_webhook(
    State(app): State<App>,
    Path(provider): Path<String>,
    request: WholeRequest,
) -> Result<Response> {
    if let Some(challenge) = providers(&app).subscription(&provider, request.uri.query().unwrap_or_default()) {
        return Ok(challenge.into_response());
    }
    request.hear(&app, &provider).await.map(IntoResponse::into_response)
}

/// All of a request that a signature may be over.
struct WholeRequest {
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<App> for WholeRequest {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> std::result::Result<Self, Response> {
        let uri = request.extensions().get().map_or_else(|| request.uri().clone(), |OriginalUri(uri)| uri.clone());
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        Ok(Self { uri, headers, body })
    }
}

impl WholeRequest {
    async fn hear(self, app: &App, provider: &str) -> Result<StatusCode> {
        let provider = Provider::from_name(provider).ok_or(Error::NotFound("webhook"))?;
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let url = format!("{}{path}", app.config.public_url.as_deref().unwrap_or_default());
        let query = self.uri.query().unwrap_or_default();
        let callback = Callback { url: &url, query, headers: &self.headers, body: &self.body, now: app.clock.now() };
        super::hear(app, provider, &callback).await?;
        Ok(StatusCode::NO_CONTENT)
    }
}
