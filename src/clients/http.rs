//! HTTP to outside parties: bounded in time and size, to the configured addresses only.

use std::time::Duration;

use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, header::HeaderMap, redirect};

use crate::config::Authorities;

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// The whole of a request; a login waits for at most three of them.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The answers that we need have some 4 KiB.
const MAX_BODY: usize = 256 * 1024;

/// Without the certificates for TLS there is no client, but the reason, which every use answers.
#[derive(Clone)]
pub struct Http(Result<Client, String>);

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

pub struct Failed {
    pub how: How,
    pub cause: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The request did not leave.
    NotSent,
    /// It left, and no answer came in time.
    Silent,
    /// It left, and the answer broke off or was too long.
    Broken,
    /// Another status than the one that was needed.
    Status(StatusCode),
}

impl Failed {
    pub fn status(&self) -> Option<StatusCode> {
        if let How::Status(status) = self.how { Some(status) } else { None }
    }
}

impl Http {
    /// Believes these authorities beside those of the machine (which `SSL_CERT_FILE` replaces).
    pub fn new(authorities: Option<&Authorities>) -> Self {
        Self(client(authorities))
    }

    pub fn check(&self) -> anyhow::Result<()> {
        self.0.as_ref().map(drop).map_err(|cause| anyhow::anyhow!("outside parties need TLS: {cause}"))
    }

    /// The answer, whatever its status.
    pub async fn send(&self, request: impl FnOnce(&Client) -> RequestBuilder) -> Result<Answer, Failed> {
        let client = self.0.as_ref().map_err(|cause| Failed { how: How::NotSent, cause: cause.clone() })?;
        let response = request(client).send().await.map_err(failed)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = bounded(response).await.map_err(failed)?;
        let body = body.ok_or_else(|| Failed { how: How::Broken, cause: "answered too much".to_owned() })?;
        Ok(Answer { status, headers, body })
    }

    /// An answer of status 200.
    pub async fn fetch(&self, request: impl FnOnce(&Client) -> RequestBuilder) -> Result<Answer, Failed> {
        let answer = self.send(request).await?;
        match answer.status {
            StatusCode::OK => Ok(answer),
            status => Err(Failed { how: How::Status(status), cause: format!("answered {status}") }),
        }
    }
}

fn client(authorities: Option<&Authorities>) -> Result<Client, String> {
    let pem = authorities.map(Authorities::load).transpose()?;
    let own = pem.map(|pem| Certificate::from_pem_bundle(pem.as_bytes())).transpose();
    let client = Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ANSWER_WITHIN)
        // A redirect would lead to an address that nobody has configured.
        .redirect(redirect::Policy::none())
        .no_proxy();
    let client = match own.map_err(|cause| describe(&cause))? {
        Some(own) => client.tls_certs_merge(own),
        None => client,
    };
    client.build().map_err(|cause| describe(&cause))
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

fn failed(error: reqwest::Error) -> Failed {
    let how = if error.is_connect() || error.is_builder() {
        How::NotSent
    } else if error.is_timeout() {
        How::Silent
    } else {
        How::Broken
    };
    Failed { how, cause: describe(&error.without_url()) }
}

/// With what lies behind it: "error sending request" alone helps nobody.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
