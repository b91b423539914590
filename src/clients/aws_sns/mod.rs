//! AWS SNS: sends SMS by Publish (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>) in the query protocol.
//! Publish tells neither price nor state; what becomes of a message is told, if at all, through a topic ([`topic`]).

use reqwest::header::CONTENT_TYPE;

use self::topic::Topic;
use super::{
    http::Http,
    outbound::{Accepted, Callback, Distrust, Failure, Outgoing, Receipt, Refused, Sending},
    reading,
};
use crate::{base::clock::Clock, config::AwsSnsConfig};

mod reports;
mod sign;
mod topic;

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

pub struct AwsSns {
    config: AwsSnsConfig,
    clock: Clock,
    http: Http,
    topic: Topic,
}

impl AwsSns {
    /// Requests carry the time of `clock`; AWS refuses those that are more than 15 minutes off.
    pub fn new(config: &AwsSnsConfig, http: &Http, clock: &Clock) -> Self {
        Self { config: config.clone(), clock: clock.clone(), http: http.clone(), topic: Topic::new(config, http) }
    }

    pub async fn send(&self, message: &Outgoing<'_>) -> Sending {
        let answer = self.ask(&self.publish(message)).await?;
        let id = element(&answer, "MessageId").and_then(reading::id).ok_or_else(Refused::garbled)?;
        Ok(Accepted::new(id))
    }

    /// The attributes of SMS can be asked for free, by whoever may.
    pub async fn check(&self) -> Result<(), Refused> {
        let form = form(&[("Action", "GetSMSAttributes"), ("Version", VERSION)]);
        let answer = self.ask(&form).await?;
        if answer.contains("<GetSMSAttributesResult") { Ok(()) } else { Err(Refused::garbled()) }
    }

    /// Of the configured topic.
    pub async fn receipts(&self, callback: &Callback<'_>) -> Result<Vec<Receipt>, Distrust> {
        match self.topic.open(callback).await? {
            Some(message) => reports::read(&message),
            None => Ok(Vec::new()),
        }
    }

    fn publish(&self, message: &Outgoing<'_>) -> String {
        let config = &self.config;
        let mut attributes = vec![("AWS.SNS.SMS.SMSType", "String", "Transactional".to_owned())];
        if let Some(sender) = &config.sender_id {
            // A number is no sender id but one that is rented from AWS.
            let is_name = sender.contains(|c: char| c.is_ascii_alphabetic());
            let name = if is_name { "AWS.SNS.SMS.SenderID" } else { "AWS.MM.SMS.OriginationNumber" };
            attributes.push((name, "String", sender.clone()));
        }
        if let Some(price) = config.max_price {
            attributes.push(("AWS.SNS.SMS.MaxPrice", "Number", price.to_string()));
        }
        let mut fields = vec![
            ("Action".to_owned(), "Publish".to_owned()),
            ("Version".to_owned(), VERSION.to_owned()),
            ("PhoneNumber".to_owned(), message.to.to_owned()),
            ("Message".to_owned(), message.text.to_owned()),
        ];
        for (index, (name, kind, value)) in attributes.into_iter().enumerate() {
            let entry = format!("MessageAttributes.entry.{}", index + 1);
            fields.push((format!("{entry}.Name"), name.to_owned()));
            fields.push((format!("{entry}.Value.DataType"), kind.to_owned()));
            fields.push((format!("{entry}.Value.StringValue"), value));
        }
        form(&fields)
    }

    /// An answer of status 2xx.
    async fn ask(&self, form: &str) -> Result<String, Refused> {
        let url = format!("{}/", self.config.endpoint_url);
        let signed = sign::headers(&self.config, &url, form, self.clock.now())
            .ok_or_else(|| Refused::new(Failure::Misconfigured, "unsignable"))?;
        let request = self.http.send(|http| {
            let request = http.post(&url).header(CONTENT_TYPE, FORM).body(form.to_owned());
            signed.into_iter().fold(request, |request, (name, value)| request.header(name, value))
        });
        let answer = request.await?;
        let body = String::from_utf8(answer.body).unwrap_or_default();
        if answer.status.is_success() { Ok(body) } else { Err(refused(Refused::by_status(answer.status), &body)) }
    }
}

const VERSION: &str = "2010-03-31";

fn form<K: AsRef<str>, V: AsRef<str>>(fields: &[(K, V)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// SNS API reference, errors of Publish and common errors.
fn refused(by_status: Refused, body: &str) -> Refused {
    let Some(code) = element(body, "Code").filter(|code| !code.is_empty()) else { return by_status };
    let names_the_phone = || element(body, "Message").is_some_and(|text| text.contains("PhoneNumber"));
    let why = match code.strip_suffix("Exception").unwrap_or(code) {
        "OptedOut" => Failure::ConsentWithdrawn,
        "InvalidParameter" | "InvalidParameterValue" | "ParameterValueInvalid" if names_the_phone() => {
            Failure::NumberRefused
        }
        "Throttling"
        | "Throttled"
        | "KMSThrottling"
        | "InternalError"
        | "InternalFailure"
        | "ServiceUnavailable"
        | "RequestLimitExceeded"
        | "TooManyRequests" => Failure::TryLater,
        "LimitExceeded" | "QuotaExceeded" => Failure::Blocked,
        // Also ours: wrong or expired credentials, a policy without sns:Publish, a clock that is wrong, a bad sender.
        "InvalidParameter"
        | "InvalidParameterValue"
        | "ParameterValueInvalid"
        | "AuthorizationError"
        | "AccessDenied"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "ExpiredToken"
        | "RequestExpired"
        | "InvalidSecurity"
        | "OptInRequired"
        | "EndpointDisabled"
        | "PlatformApplicationDisabled"
        | "UserError"
        | "Validation"
        | "ValidationError"
        | "KMSAccessDenied"
        | "KMSDisabled"
        | "KMSInvalidState"
        | "KMSNotFound"
        | "KMSOptInRequired" => Failure::Misconfigured,
        _ => by_status.why,
    };
    Refused::new(why, code)
}

/// The text of the one element of this name, where the document has just one and nothing but text is in it. SNS answers
/// with neither attributes nor entities in what is read here.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let (_, rest) = xml.split_once(&open)?;
    let (text, after) = rest.split_once(&close)?;
    let is_one = !text.contains('<') && !after.contains(&open);
    is_one.then(|| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_read_only_if_there_is_one_and_only_text_in_it() {
        assert_eq!(element("<a><Code>\n Throttling </Code></a>", "Code"), Some("Throttling"));
        for bad in ["", "<Code>x", "<Code><b>x</b></Code>", "<Code>x</Code><Code>y</Code>", "</Code>x<Code>", "<Code/>"]
        {
            assert_eq!(element(bad, "Code"), None, "{bad}");
        }
    }
}
