//! The HTTP of this client: bounded in time and size, to the configured addresses only.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response, StatusCode, header::HeaderMap, redirect};

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// The whole of a request; a login waits for at most three of them.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Google's answers have some 4 KiB.
const MAX_BODY: usize = 256 * 1024;

/// Without certificates there is no TLS and so no client: told by `check` at the start, and by every use.
#[derive(Clone)]
pub(super) struct Http(Result<Client, String>);

pub(super) struct Fetched {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

pub(super) struct Failed {
    pub status: Option<StatusCode>,
    pub cause: String,
}

impl Http {
    pub fn new() -> Self {
        let client = Client::builder()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            // A redirect would lead to an address that nobody has configured.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build();
        Self(client.map_err(|cause| describe(&cause)))
    }

    pub fn check(&self) -> anyhow::Result<()> {
        self.0.as_ref().map(drop).map_err(|cause| anyhow::anyhow!("Firebase needs TLS: {cause}"))
    }

    pub async fn fetch(&self, request: impl FnOnce(&Client) -> RequestBuilder) -> Result<Fetched, Failed> {
        let client = self.0.as_ref().map_err(|cause| Failed { status: None, cause: cause.clone() })?;
        let failed = |cause: reqwest::Error| Failed { status: None, cause: describe(&cause.without_url()) };
        let response = request(client).send().await.map_err(failed)?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(Failed { status: Some(status), cause: format!("answered {status}") });
        }
        let headers = response.headers().clone();
        let body = bounded(response).await.map_err(failed)?;
        let body = body.ok_or_else(|| Failed { status: Some(status), cause: "answered too much".to_owned() })?;
        Ok(Fetched { headers, body })
    }
}

async fn bounded(mut response: Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// With what lies behind it: "error sending request" alone helps nobody.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
