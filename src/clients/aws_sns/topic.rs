//! What a topic of SNS posts to us (<https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>):
//! signed by a key whose certificate SNS publishes, and believed only of the one topic that is configured.

use std::{net::IpAddr, sync::Arc, time::Duration};

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use reqwest::Url;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{
    clients::{
        http::Http,
        outbound::{Callback, Distrust},
    },
    config::AwsSnsConfig,
};

/// SNS tries for an hour by default, with the time of the first try.
const BELIEVED_FOR: TimeDelta = TimeDelta::hours(1);
/// After a certificate that could not be fetched: whoever invents addresses causes no more than this.
const OUTAGE_WAITS: TimeDelta = TimeDelta::seconds(5);
const CERTIFICATES: u64 = 16;
const CERTIFICATES_LIVE: Duration = Duration::from_hours(24);

pub(super) struct Topic {
    arn: Option<String>,
    /// Where certificates and confirmations may be.
    place: Option<Place>,
    http: Http,
    /// Public keys, by the address of their certificate.
    keys: Cache<String, Arc<[u8]>>,
    /// When the last fetch failed; held by the one who fetches.
    failed_at: Mutex<Option<DateTime<Utc>>>,
}

enum Place {
    /// An SNS on this machine.
    Origin(Url),
    Host(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    r#type: String,
    message_id: String,
    topic_arn: String,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
    subject: Option<String>,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
}

impl Topic {
    pub fn new(config: &AwsSnsConfig, http: &Http) -> Self {
        let arn = config.topic_arn.clone();
        let place = arn.as_deref().and_then(|arn| Place::new(&config.endpoint_url, arn));
        let keys = Cache::builder().max_capacity(CERTIFICATES).time_to_live(CERTIFICATES_LIVE).build();
        Self { arn, place, http: http.clone(), keys, failed_at: Mutex::default() }
    }

    /// The message that was published; none where SNS speaks of the subscription itself, which it confirms.
    pub async fn open(&self, callback: &Callback<'_>) -> Result<Option<String>, Distrust> {
        let (Some(arn), Some(place)) = (&self.arn, &self.place) else { return Err(Distrust::NotSetUp) };
        let envelope: Envelope = serde_json::from_slice(callback.body).map_err(|_| Distrust::Forged)?;
        // Before anything is fetched, and again part of what is signed.
        if envelope.topic_arn != *arn || callback.header("x-amz-sns-message-type") != envelope.r#type {
            return Err(Distrust::Forged);
        }
        let certificate =
            place.url(&envelope.signing_cert_url).filter(|url| url.path().rsplit('.').next() == Some("pem"));
        let key = self.key(certificate.ok_or(Distrust::Forged)?, callback.now).await?;
        envelope.verify(&key)?;
        let at = DateTime::parse_from_rfc3339(&envelope.timestamp).map_err(|_| Distrust::Unreadable)?;
        if callback.now.signed_duration_since(at) > BELIEVED_FOR {
            return Err(Distrust::Stale);
        }
        match envelope.r#type.as_str() {
            "Notification" => return Ok(Some(envelope.message)),
            "SubscriptionConfirmation" => self.confirm(place, envelope.subscribe_url.as_deref()).await?,
            // Somebody with access to the topic wants it so.
            _ => tracing::warn!("the topic of delivery reports no longer sends them here"),
        }
        Ok(None)
    }

    async fn key(&self, certificate: Url, now: DateTime<Utc>) -> Result<Arc<[u8]>, Distrust> {
        let address = certificate.as_str().to_owned();
        if let Some(key) = self.keys.get(&address) {
            return Ok(key);
        }
        let mut failed_at = self.failed_at.lock().await;
        // Perhaps the one before has brought it.
        if let Some(key) = self.keys.get(&address) {
            return Ok(key);
        }
        if failed_at.is_some_and(|at| (now - at).abs() < OUTAGE_WAITS) {
            return Err(Distrust::Away);
        }
        let fetched = self.http.fetch(|http| http.get(certificate)).await;
        let key = fetched.ok().and_then(|answer| public_key(&answer.body));
        *failed_at = if key.is_none() { Some(now) } else { None };
        let key = key.ok_or(Distrust::Away)?;
        self.keys.insert(address, key.clone());
        Ok(key)
    }

    async fn confirm(&self, place: &Place, address: Option<&str>) -> Result<(), Distrust> {
        let url = address.and_then(|address| place.url(address)).ok_or(Distrust::Unreadable)?;
        self.http.fetch(|http| http.get(url)).await.map_err(|_| Distrust::Away)?;
        tracing::info!("subscribed to the topic of delivery reports");
        Ok(())
    }
}

impl Place {
    /// A topic is of one region, and so is what signs for it.
    fn new(endpoint: &str, arn: &str) -> Option<Self> {
        let endpoint = Url::parse(endpoint).ok()?;
        if is_loopback(&endpoint) {
            return Some(Self::Origin(endpoint));
        }
        let mut parts = arn.split(':').skip(1);
        let (partition, region) = (parts.next()?, parts.nth(1)?);
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let suffix = if partition == "aws-cn" { ".cn" } else { "" };
        let is_region = !region.is_empty() && region.chars().all(is_plain);
        is_region.then(|| Self::Host(format!("sns.{region}.amazonaws.com{suffix}")))
    }

    /// The address, if it is of this place.
    fn url(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_here = match self {
            Self::Origin(ours) => url.origin() == ours.origin(),
            Self::Host(host) => url.scheme() == "https" && url.host_str() == Some(host) && url.port().is_none(),
        };
        (is_plain && is_here).then_some(url)
    }
}

impl Envelope {
    fn verify(&self, key: &[u8]) -> Result<(), Distrust> {
        let algorithm = match self.signature_version.as_str() {
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            // What topics do unless they are told otherwise. SHA-1 falls to collisions, but the topic stands at the end
            // of what is signed, so that what is signed for another topic never fits ours.
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            _ => return Err(Distrust::Forged),
        };
        let signature = BASE64_STANDARD.decode(&self.signature).map_err(|_| Distrust::Forged)?;
        let signed = self.signed().ok_or(Distrust::Forged)?;
        let key = UnparsedPublicKey::new(algorithm, key);
        key.verify(signed.as_bytes(), &signature).map_err(|_| Distrust::Forged)
    }

    fn signed(&self) -> Option<String> {
        let subscription = match self.r#type.as_str() {
            "Notification" => None,
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" => {
                Some((self.subscribe_url.as_deref()?, self.token.as_deref()?))
            }
            _ => return None,
        };
        let mut fields = vec![("Message", self.message.as_str()), ("MessageId", self.message_id.as_str())];
        match subscription {
            None => fields.extend(self.subject.as_deref().map(|subject| ("Subject", subject))),
            Some((url, _)) => fields.push(("SubscribeURL", url)),
        }
        fields.push(("Timestamp", self.timestamp.as_str()));
        fields.extend(subscription.map(|(_, token)| ("Token", token)));
        fields.extend([("TopicArn", self.topic_arn.as_str()), ("Type", self.r#type.as_str())]);
        Some(fields.into_iter().flat_map(|(name, value)| [name, "\n", value, "\n"]).collect())
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip: Option<IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())
}

/// Of the one certificate in it. The certificate is not verified: it comes by TLS from a host that can only be SNS.
fn public_key(pem: &[u8]) -> Option<Arc<[u8]>> {
    let text = std::str::from_utf8(pem).ok()?.trim();
    let text = text.strip_prefix("-----BEGIN CERTIFICATE-----")?.strip_suffix("-----END CERTIFICATE-----")?;
    let text: String = text.split_ascii_whitespace().collect();
    let der = BASE64_STANDARD.decode(text).ok()?.into();
    // For its reader of X.509 alone; it is no anchor of anything.
    let certificate = webpki::anchor_from_trusted_cert(&der).ok()?;
    Some(webpki::spki_for_anchor(&certificate).as_ref().into())
}
