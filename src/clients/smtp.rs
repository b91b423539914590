//! E-mail by SMTP submission (RFC 5321, RFC 6409). Step by step, as the step tells what a failure means: before the
//! text has gone nothing was sent, after it nobody knows.

use std::{
    error::Error as _,
    io,
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use lettre::{
    Address, Message,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::ClientId,
    },
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::outbound::{Accepted, Failure, Outgoing, Refused, Sending};
use crate::config::{Authorities, SmtpConfig};

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// From the name of the server to the end of the mail.
const DONE_WITHIN: Duration = Duration::from_secs(5);
/// For the answer to `QUIT`, which changes nothing any more.
const PARTED_WITHIN: Duration = Duration::from_millis(250);

/// What is wrong with the settings is told by every use, as by [`super::http::Http`].
pub struct Smtp(Result<Relay, Refused>);

struct Relay {
    host: String,
    port: u16,
    tls: Tls,
    login: Option<(String, SecretString)>,
    from: Mailbox,
}

/// How far the conversation has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Greeting,
    Login,
    Sender,
    Recipient,
    Content,
}

struct Letter {
    id: String,
    to: Address,
    bytes: Vec<u8>,
}

impl Smtp {
    /// Believes these authorities beside those of the machine.
    pub fn new(config: &SmtpConfig, authorities: Option<&Authorities>) -> Self {
        Self(Relay::new(config, authorities).map_err(|what| Refused::new(Failure::Misconfigured, what)))
    }

    pub async fn send(&self, message: &Outgoing<'_>) -> Sending {
        let relay = self.0.as_ref().map_err(Refused::clone)?;
        let letter = relay.letter(message)?;
        relay.converse(Some(&letter)).await?;
        Ok(Accepted::new(letter.id))
    }

    /// Greets and logs in, and sends nothing.
    pub async fn check(&self) -> Result<(), Refused> {
        self.0.as_ref().map_err(Refused::clone)?.converse(None).await
    }
}

impl Relay {
    fn new(config: &SmtpConfig, authorities: Option<&Authorities>) -> Result<Self, &'static str> {
        let url = Url::parse(config.url.expose_secret()).map_err(|_| "smtp-url")?;
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut parameters = TlsParameters::builder(host.clone());
        if let Some(authorities) = authorities {
            let pem = authorities.load().map_err(|_| "extra-ca-certs")?;
            parameters = parameters.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(|_| "tls")?);
        }
        let parameters = parameters.build().map_err(|_| "tls")?;
        let (tls, port) = match url.scheme() {
            "smtps" => (Tls::Wrapper(parameters), 465),
            _ if is_this_machine(&host) => (Tls::Opportunistic(parameters), 587),
            _ => (Tls::Required(parameters), 587),
        };
        let login = match (url.username(), url.password().unwrap_or_default()) {
            ("", _) => None,
            (user, password) => {
                let decoded = |text| percent_decoded(text).ok_or("smtp-url");
                Some((decoded(user)?, decoded(password)?.into()))
            }
        };
        let from: Mailbox = config.from.parse().map_err(|_| "sender")?;
        let from = Some(from).filter(|from| from.email.to_string().is_ascii()).ok_or("sender")?;
        Ok(Self { host, port: url.port().unwrap_or(port), tls, login, from })
    }

    fn letter(&self, message: &Outgoing<'_>) -> Result<Letter, Refused> {
        let to = Some(message.to).filter(|to| to.is_ascii()).and_then(|to| to.parse::<Address>().ok());
        let to = to.ok_or_else(|| Refused::new(Failure::NumberRefused, "address"))?;
        let id = format!("<{}@{}>", message.reference, self.from.email.domain());
        // Nobody is to be told that the recipient is on holiday (RFC 3834).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mail = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(message.subject)
            .message_id(Some(id.clone()))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .singlepart(SinglePart::plain(message.text.to_owned()));
        let mail = mail.map_err(|_| Refused::new(Failure::Misconfigured, "letter"))?;
        Ok(Letter { id, to, bytes: mail.formatted() })
    }

    async fn converse(&self, letter: Option<&Letter>) -> Result<(), Refused> {
        let has_gone = AtomicBool::new(false);
        let conversation = async {
            let mut connection = self.connect().await?;
            let outcome = match letter {
                Some(letter) => self.send_letter(&mut connection, letter, &has_gone).await,
                None => Ok(()),
            };
            Ok::<_, Refused>((connection, outcome))
        };
        let silent = |_| {
            let has_gone = has_gone.load(Ordering::Relaxed);
            Refused::new(if has_gone { Failure::Unknown } else { Failure::TryLater }, "timeout")
        };
        let (mut connection, outcome) = timeout(DONE_WITHIN, conversation).await.map_err(silent)??;
        timeout(PARTED_WITHIN, connection.abort()).await.ok();
        outcome
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Refused> {
        let at_greeting = |error| refused(Step::Greeting, &error);
        let us = ClientId::Domain(self.from.email.domain().to_owned());
        let server = (self.host.as_str(), self.port);
        let from_the_start = if let Tls::Wrapper(parameters) = &self.tls { Some(parameters.clone()) } else { None };
        let connected =
            AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_WITHIN), &us, from_the_start, None).await;
        let mut connection = connected.map_err(at_greeting)?;
        match &self.tls {
            Tls::Required(parameters) | Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), &us).await.map_err(at_greeting)?;
            }
            Tls::Required(_) => return Err(Refused::new(Failure::Misconfigured, "no-tls")),
            _ => {}
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            let let_in = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            let_in.map_err(|error| refused(Step::Login, &error))?;
        }
        Ok(connection)
    }

    async fn send_letter(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
        has_gone: &AtomicBool,
    ) -> Result<(), Refused> {
        let sender = Mail::new(Some(self.from.email.clone()), Vec::new());
        connection.command(sender).await.map_err(|error| refused(Step::Sender, &error))?;
        let recipient = Rcpt::new(letter.to.clone(), Vec::new());
        connection.command(recipient).await.map_err(|error| refused(Step::Recipient, &error))?;
        connection.command(Data).await.map_err(|error| refused(Step::Recipient, &error))?;
        has_gone.store(true, Ordering::Relaxed);
        let taken = connection.message(&letter.bytes).await.map_err(|error| refused(Step::Content, &error))?;
        if taken.has_code(250) { Ok(()) } else { Err(Refused::garbled()) }
    }
}

/// On which nothing can be overheard on the way.
fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (code, rest) = part.split_at_checked(2).filter(|(code, _)| code.bytes().all(|b| b.is_ascii_hexdigit()))?;
        bytes.push(u8::from_str_radix(code, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn refused(step: Step, error: &Error) -> Refused {
    let Some(status) = error.status().map(u16::from) else { return broken(step, error) };
    let text = error.source().map(ToString::to_string).unwrap_or_default();
    let (why, code) = match enhanced(&text) {
        Some((class, subject, detail)) => {
            (meaning(step, status, (subject, detail)), format!("{status}-{class}.{subject}.{detail}"))
        }
        None => (meaning(step, status, (0, 0)), status.to_string()),
    };
    Refused::new(why, &code)
}

/// No answer that could be read.
fn broken(step: Step, error: &Error) -> Refused {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let mut faults = causes.filter_map(|cause| cause.downcast_ref::<io::Error>());
    // By this, rustls tells that the other side speaks no TLS, or has no certificate that is good for its name.
    let is_tls = faults.any(|fault| fault.kind() == io::ErrorKind::InvalidData);
    match step {
        Step::Greeting if is_tls => Refused::new(Failure::Misconfigured, "tls"),
        Step::Greeting => Refused::new(Failure::TryLater, "unreachable"),
        Step::Login if error.is_client() => Refused::new(Failure::Misconfigured, "no-login"),
        Step::Content => Refused::new(Failure::Unknown, "broken-off"),
        _ => Refused::new(Failure::TryLater, "broken-off"),
    }
}

/// The enhanced status code at the beginning of an answer, such as 5.1.1 (RFC 2034).
fn enhanced(text: &str) -> Option<(u16, u16, u16)> {
    let mut numbers = text.split_whitespace().next()?.split('.').map(|part| {
        let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| is_number)
    });
    let found = (numbers.next()??, numbers.next()??, numbers.next()??);
    (numbers.next().is_none() && matches!(found.0, 4 | 5)).then_some(found)
}

/// RFC 5321 section 4.2, RFC 4954 section 6, RFC 7504; the enhanced codes by IANA's registry (RFC 5248).
fn meaning(step: Step, status: u16, enhanced: (u16, u16)) -> Failure {
    match (step, status, enhanced) {
        (_, 400..=499, _) => Failure::TryLater,
        (Step::Login, ..) | (_, 530 | 534 | 535 | 538, _) | (_, _, (7, 8)) => Failure::Misconfigured,
        // What is wrong is our own address.
        (Step::Greeting | Step::Sender, 550 | 551 | 553, _) | (Step::Sender, _, (1, _)) | (_, _, (1, 7 | 8)) => {
            Failure::Misconfigured
        }
        // No such mailbox, or one that is closed.
        (_, _, (1, _) | (2, 1)) => Failure::NumberRefused,
        (_, _, (7, _)) | (_, 552 | 554, _) => Failure::Blocked,
        // The recipient was fine before, so it is the text.
        (Step::Content, 550, _) => Failure::Blocked,
        (_, 550 | 551 | 553 | 556, _) => Failure::NumberRefused,
        _ => Failure::Misconfigured,
    }
}
