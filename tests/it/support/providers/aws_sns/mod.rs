//! AWS SNS: the query protocol of API version 2010-03-31 over Signature Version 4, and what a topic posts.

use std::collections::HashMap;

use chemstock::clients::outbound::Failure;

use super::{
    super::outside::{Asked, Reply},
    Contract,
};

pub mod sigv4;
pub mod topic;

pub const KEY_ID: &str = "AKIDEXAMPLE";
pub const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub const REGION: &str = "us-east-1";
pub const MESSAGE_ID: &str = "567910cd-659e-55d4-8ccb-5aaf14679dc0";
/// Has sent STOP.
pub const OPTED_OUT: &str = "+12025550199";

pub const CONTRACT: Contract = Contract { name: "aws_sns", vars, answer, errors };

fn vars(url: &str) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ACCESS_KEY_ID", KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_SNS_ENDPOINT_URL", url.to_owned()),
        ("AWS_SNS_SENDER_ID", "Chemstock".to_owned()),
        ("AWS_SNS_MAX_PRICE", "0.50".to_owned()),
        ("AWS_SNS_TOPIC_ARN", topic::ARN.to_owned()),
    ]
}

fn answer(asked: &Asked) -> Reply {
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", topic::CERTIFICATE_PATH) => {
            Reply { status: 200, content_type: "binary/octet-stream", body: topic::CERTIFICATE.to_owned() }
        }
        ("GET", "/") if asked.query.starts_with("Action=ConfirmSubscription&") => {
            let arn = format!("<SubscriptionArn>{}:8a21d249</SubscriptionArn>", topic::ARN);
            Reply::xml(200, format!("<ConfirmSubscriptionResponse>{arn}</ConfirmSubscriptionResponse>"))
        }
        ("POST", "/") => ask(asked).unwrap_or_else(|(code, message)| refuse(code, message)),
        _ => error(404, "NotFound", "no such thing"),
    }
}

type Refusal = (&'static str, &'static str);

fn ask(asked: &Asked) -> Result<Reply, Refusal> {
    sigv4::verify(asked, KEY_ID, SECRET, REGION, "sns").map_err(|code| (code, "the request is not signed"))?;
    if asked.header("content-type") != "application/x-www-form-urlencoded; charset=utf-8" || !asked.query.is_empty() {
        return Err(("MalformedQueryString", "no form"));
    }
    let mut form = asked.form();
    if form.remove("Version").as_deref() != Some("2010-03-31") {
        return Err(("InvalidAction", "no such version"));
    }
    match form.remove("Action").as_deref() {
        Some("Publish") => publish(form),
        Some("GetSMSAttributes") if form.is_empty() => Ok(Reply::xml(200, ATTRIBUTES)),
        _ => Err(("InvalidAction", "no such action")),
    }
}

fn publish(mut form: HashMap<String, String>) -> Result<Reply, Refusal> {
    let phone = form.remove("PhoneNumber").unwrap_or_default();
    let digits = phone.strip_prefix('+').unwrap_or_default();
    if !(7..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(("InvalidParameter", "Invalid parameter: PhoneNumber Reason: not valid to publish to"));
    }
    let message = form.remove("Message").unwrap_or_default();
    if message.is_empty() || message.len() > 1600 {
        return Err(("InvalidParameter", "Invalid parameter: Message"));
    }
    let mut attributes = HashMap::new();
    for entry in 1.. {
        let mut part = |name: &str| form.remove(&format!("MessageAttributes.entry.{entry}.{name}"));
        let Some(name) = part("Name") else { break };
        attributes.insert(name, (part("Value.DataType"), part("Value.StringValue").unwrap_or_default()));
    }
    for (name, (kind, value)) in &attributes {
        let is_known = match (name.as_str(), kind.as_deref()) {
            ("AWS.SNS.SMS.SMSType", Some("String")) => value == "Transactional",
            ("AWS.SNS.SMS.SenderID", Some("String")) => {
                let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
                (1..=11).contains(&value.len()) && is_plain && value.contains(|c: char| c.is_ascii_alphabetic())
            }
            ("AWS.SNS.SMS.MaxPrice", Some("Number")) => value.parse::<f64>().is_ok_and(|price| price > 0.0),
            ("AWS.MM.SMS.OriginationNumber", Some("String")) => value.bytes().skip(1).all(|byte| byte.is_ascii_digit()),
            _ => false,
        };
        if !is_known {
            return Err(("ParameterValueInvalid", "the attribute is not as it must be"));
        }
    }
    if !form.is_empty() || !attributes.contains_key("AWS.SNS.SMS.SMSType") {
        return Err(("ValidationError", "there is too much or too little"));
    }
    if phone == OPTED_OUT {
        return Err(("OptedOut", "phone number is opted out"));
    }
    Ok(Reply::xml(200, published(MESSAGE_ID)))
}

fn published(id: &str) -> String {
    format!(
        r#"<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <PublishResult>
    <MessageId>{id}</MessageId>
  </PublishResult>
  <ResponseMetadata>
    <RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId>
  </ResponseMetadata>
</PublishResponse>"#
    )
}

const ATTRIBUTES: &str = r#"<GetSMSAttributesResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <GetSMSAttributesResult>
    <attributes><entry><key>DefaultSMSType</key><value>Transactional</value></entry></attributes>
  </GetSMSAttributesResult>
  <ResponseMetadata><RequestId>d74b8436-ae13-5ab4-a9ff-ce54dfea72a0</RequestId></ResponseMetadata>
</GetSMSAttributesResponse>"#;

fn refuse(code: &str, message: &str) -> Reply {
    let status = match code {
        "SignatureDoesNotMatch" | "InvalidClientTokenId" | "MissingAuthenticationToken" => 403,
        _ => 400,
    };
    error(status, code, message)
}

pub fn error(status: u16, code: &str, message: &str) -> Reply {
    let kind = if status < 500 { "Sender" } else { "Receiver" };
    let body = format!(
        r#"<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <Error>
    <Type>{kind}</Type>
    <Code>{code}</Code>
    <Message>{message}</Message>
  </Error>
  <RequestId>9dd01905-5012-5f99-8663-4b3ecd0dfaef</RequestId>
</ErrorResponse>"#
    );
    Reply::xml(status, body)
}

/// SNS API reference: errors of Publish, and those common to all actions.
fn errors() -> Vec<(&'static str, Reply, Failure)> {
    use Failure::{ConsentWithdrawn, Misconfigured, NumberRefused, TryLater};
    let bad_phone = "Invalid parameter: PhoneNumber Reason: +12025550123 is not valid to publish to";
    let coded = [
        (400, "InvalidParameter", bad_phone, NumberRefused),
        (400, "InvalidParameterValue", bad_phone, NumberRefused),
        (400, "ParameterValueInvalid", "Invalid parameter: SenderID", Misconfigured),
        (400, "InvalidParameter", "Invalid parameter: Message too long", Misconfigured),
        (400, "OptedOut", "phone number is opted out", ConsentWithdrawn),
        (403, "AuthorizationError", "not authorized to perform: SNS:Publish", Misconfigured),
        (403, "AccessDenied", "denied", Misconfigured),
        (403, "InvalidClientTokenId", "the security token is invalid", Misconfigured),
        (403, "SignatureDoesNotMatch", "the signature does not match", Misconfigured),
        (403, "MissingAuthenticationToken", "no token", Misconfigured),
        (403, "ExpiredToken", "the security token has expired", Misconfigured),
        (403, "ExpiredTokenException", "the security token has expired", Misconfigured),
        (400, "RequestExpired", "too late", Misconfigured),
        (400, "IncompleteSignature", "not whole", Misconfigured),
        (400, "EndpointDisabled", "disabled", Misconfigured),
        (400, "UserError", "a constraint", Misconfigured),
        (400, "ValidationError", "a constraint", Misconfigured),
        (403, "InvalidSecurity", "not by TLS", Misconfigured),
        (400, "KMSAccessDenied", "denied", Misconfigured),
        (400, "KMSDisabled", "disabled", Misconfigured),
        (400, "KMSInvalidState", "state", Misconfigured),
        (400, "KMSNotFound", "not found", Misconfigured),
        (400, "KMSThrottling", "slower", TryLater),
        (400, "Throttling", "rate exceeded", TryLater),
        (400, "ThrottlingException", "rate exceeded", TryLater),
        (400, "ThrottledException", "rate exceeded", TryLater),
        (429, "Throttled", "rate exceeded", TryLater),
        (500, "InternalError", "internal", TryLater),
        (500, "InternalFailure", "internal", TryLater),
        (503, "ServiceUnavailable", "away", TryLater),
        (400, "SomethingNew", "nobody knows", Misconfigured),
    ];
    let coded = coded.into_iter().map(|(status, code, message, why)| (code, error(status, code, message), why));
    let bare = [("http-503", Reply::html(503), TryLater), ("http-403", Reply::html(403), Misconfigured)];
    coded.chain(bare).collect()
}
