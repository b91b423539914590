//! Signature Version 4 (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>).

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{self, SignableBody, SignableRequest, SigningSettings},
    sign::v4::SigningParams,
};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::FORM;
use crate::config::AwsSnsConfig;

/// Those to add to a POST of this form to this address; none if the address is none that can be signed.
pub(super) fn headers(
    config: &AwsSnsConfig,
    url: &str,
    form: &str,
    now: DateTime<Utc>,
) -> Option<Vec<(&'static str, String)>> {
    let token = config.session_token.as_ref().map(|token| token.expose_secret().to_owned());
    let secret = config.secret_access_key.expose_secret();
    let identity = Credentials::new(&config.access_key_id, secret, token, None, "configuration").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&config.region)
        .name("sns")
        .time(SystemTime::from(now))
        .settings(SigningSettings::default())
        .build()
        .ok()?;
    let headers = std::iter::once(("content-type", FORM));
    let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(form.as_bytes())).ok()?;
    let (instructions, _) = http_request::sign(request, &params.into()).ok()?.into_parts();
    let (headers, _) = instructions.into_parts();
    Some(headers.into_iter().map(|header| (header.name(), header.value().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// Computed once from the definition, by hand and without this crate.
    #[test]
    fn a_signature_is_that_of_the_definition_with_and_without_a_session_token() {
        let form = "Action=Publish&Version=2010-03-31&PhoneNumber=%2B12025550123\
            &Message=123456+is+your+code+%26+it%27s+secret%3A+%2B50+%25+%C3%BCn%C3%AF%E2%9C%93\
            &MessageAttributes.entry.1.Name=AWS.SNS.SMS.SMSType&MessageAttributes.entry.1.Value.DataType=String\
            &MessageAttributes.entry.1.Value.StringValue=Transactional";
        let bare = "3c64d4160a631ddec3a09e7fa47b3d37176437d37993bd455d1e77f270fd57dc";
        let with_token = "a6dc3a10c5770429686faf2884b7251dce43f4f3c462b28bf471909b9d4f686e";
        for (token, names, signature) in [
            ("", "content-type;host;x-amz-date", bare),
            ("TOKEN/EXAMPLE+=", "content-type;host;x-amz-date;x-amz-security-token", with_token),
        ] {
            let config = Config::from_vars(|name| {
                let value = match name {
                    "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE",
                    "AWS_SECRET_ACCESS_KEY" => "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                    "AWS_SESSION_TOKEN" => token,
                    "AWS_REGION" => "us-east-1",
                    _ => return None,
                };
                Some(value.to_owned())
            });
            let config = config.unwrap().sms.aws_sns.unwrap();
            let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
            let url = format!("{}/", config.endpoint_url);
            let headers = headers(&config, &url, form, now).unwrap();
            let value = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
            let authorization = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/us-east-1/sns/aws4_request, \
                SignedHeaders={names}, Signature={signature}"
            );
            assert_eq!(value("authorization"), Some(authorization.as_str()));
            assert_eq!(value("x-amz-date"), Some("20270115T080000Z"));
            assert_eq!(value("x-amz-security-token"), Some(token).filter(|token| !token.is_empty()));
        }
    }
}
