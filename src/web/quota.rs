//! The fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11). They are sent only to a
//! caller who has shown that the quota is theirs: to others they would show somebody else's traffic, as the draft
//! warns.

use axum::{
    http::{HeaderName, HeaderValue},
    response::{IntoResponseParts, ResponseParts},
};

use crate::base::quota::{Quota, Quotas};

pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

impl IntoResponseParts for Quotas {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut response: ResponseParts) -> Result<ResponseParts, Self::Error> {
        let list = |one: &dyn Fn(&Quota) -> String| self.0.iter().map(one).collect::<Vec<_>>().join(", ");
        let policy = list(&|it| format!("\"{}\";q={};w={}", it.name, it.most, it.seconds));
        let limit = list(&|it| format!("\"{}\";r={}", it.name, it.left));
        for (name, value) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, limit)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        Ok(response)
    }
}
