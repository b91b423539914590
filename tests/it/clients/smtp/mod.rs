use std::time::{Duration, Instant};

use chemstock::{
    base::{clock::Clock, language::Language},
    clients::{
        outbound::{Accepted, Failure, Outgoing, Refused},
        smtp::Smtp,
    },
    config::SmtpConfig,
    messages::{Content, Kind, texts},
};
use chrono::{DateTime, TimeDelta};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::support::providers::smtp::{Fault, MailServer, Step, Tls, USER, Ways, reader::Mail};

mod private;
mod settings;

const REFERENCE: Uuid = Uuid::from_u128(0x0199_3f2e_8a5b_7c1d_9e2f_3a4b_5c6d_7e8f);
const TO: &str = "ada@lab.example";
/// `PASSWORD`, as a URL has it; `%`, `+` and `@` are what goes wrong.
const LOGIN: &str = "codes%40chem.example:p+a%25s%2Fs%3Aw%40rd%20%C3%A9@";

fn client_at(url: &str) -> Smtp {
    Smtp::new(&SmtpConfig { url: url.into(), from: "Chemstock Zürich <codes@chem.example>".to_owned() }, None)
}

fn client(server: &MailServer) -> Smtp {
    client_at(&format!("smtp://{LOGIN}127.0.0.1:{}", server.port))
}

fn message<'a>(to: &'a str, mail: &'a texts::Mail) -> Outgoing<'a> {
    Outgoing {
        reference: REFERENCE,
        to,
        subject: &mail.subject,
        text: &mail.body,
        code: Some("123456"),
        language: Language::English,
        valid_for: Duration::from_mins(10),
        receipts_at: None,
    }
}

fn code_in(language: Language) -> texts::Mail {
    texts::mail(&Content { kind: Kind::LoginCode, language, code: Some("123456".to_owned()), minutes: 10 })
}

async fn refused(client: &Smtp) -> (String, Failure) {
    let Refused { why, code } = client.send(&message(TO, &code_in(Language::English))).await.expect_err("a refusal");
    (code, why)
}

async fn refused_at(step: Step, fault: Fault) -> (String, Failure) {
    refused(&client(&MailServer::start(Ways { fault: Some((step, fault)), ..Ways::default() }).await)).await
}

#[tokio::test]
async fn a_mail_reads_as_it_was_written_in_every_language() {
    let server = MailServer::start(Ways { needs_login: true, ..Ways::default() }).await;
    let client = client(&server);
    for &language in Language::ALL {
        let written = code_in(language);
        let before = Clock::real().now() - TimeDelta::seconds(1);
        let accepted = client.send(&message(TO, &written)).await.unwrap();
        let id = format!("<{REFERENCE}@chem.example>");
        assert_eq!(accepted, Accepted { id: id.clone(), price: None, delivered: false });
        let taken = server.last();
        assert_eq!((taken.sender.as_str(), taken.recipient.as_str()), (USER, TO));
        assert!(taken.logged_in);
        let mail = Mail::read(&taken.text);
        let expected = [
            ("From", "\"Chemstock Zürich\" <codes@chem.example>"),
            ("To", TO),
            ("Subject", &written.subject),
            ("Message-ID", &id),
            ("Auto-Submitted", "auto-generated"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
        ];
        for (name, value) in expected {
            assert_eq!(mail.header(name).replace('"', ""), value.replace('"', ""), "{name}");
        }
        let date = DateTime::parse_from_rfc2822(mail.header("Date")).unwrap();
        assert!((before..Clock::real().now() + TimeDelta::seconds(1)).contains(&date.to_utc()));
        assert_eq!(mail.headers.len(), expected.len() + 2, "{:?}", mail.headers);
        assert_eq!(mail.text.trim_end(), written.body.replace('\n', "\r\n").trim_end());
    }
}

#[tokio::test]
async fn a_mail_is_sent_in_the_order_of_the_rfc_and_goodbye_is_said() {
    let server = MailServer::start(Ways::default()).await;
    client(&server).send(&message(TO, &code_in(Language::English))).await.unwrap();
    let said = server.said();
    let verbs: Vec<_> = said.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(verbs, ["EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]);
    assert_eq!(said[0], "EHLO chem.example");
}

#[tokio::test]
async fn a_line_that_begins_with_a_dot_is_not_the_end() {
    let server = MailServer::start(Ways::default()).await;
    let dotted = texts::Mail { subject: "x".to_owned(), body: "one\n.\n.two\n..\nthree".to_owned() };
    client(&server).send(&message(TO, &dotted)).await.unwrap();
    assert_eq!(Mail::read(&server.last().text).text.trim_end(), "one\r\n.\r\n.two\r\n..\r\nthree");
}

#[tokio::test]
async fn without_credentials_nobody_logs_in() {
    let server = MailServer::start(Ways { offers_no_login: true, ..Ways::default() }).await;
    let sent = client_at(&format!("smtp://localhost:{}", server.port));
    sent.send(&message(TO, &code_in(Language::English))).await.unwrap();
    assert!(!server.last().logged_in && !server.said().iter().any(|line| line.starts_with("AUTH")));
}

/// RFC 5321 section 4.2, RFC 3463 and the sayings of servers in use.
#[tokio::test]
async fn every_refusal_has_its_meaning() {
    use Failure::{Blocked, Misconfigured, NumberRefused, TryLater};
    use Step::{Connect, Content, Data, Hello, Login, Recipient, Sender};
    for (step, said, code, why) in [
        (Connect, "421 mail.chem.example Service not available", "421", TryLater),
        (Connect, "554 5.7.1 ada@lab.example is on a list", "554-5.7.1", Blocked),
        (Hello, "550 Access denied", "550", Misconfigured),
        (Hello, "502 What?", "502", Misconfigured),
        (Login, "454 4.7.0 Temporary authentication failure", "454-4.7.0", TryLater),
        (Login, "534 5.7.9 Application-specific password required", "534-5.7.9", Misconfigured),
        (Login, "535 5.7.8 Authentication failed", "535-5.7.8", Misconfigured),
        (Login, "535 Authentication failed", "535", Misconfigured),
        (Login, "504 5.5.4 Unrecognised", "504-5.5.4", Misconfigured),
        (Sender, "452 4.3.1 Insufficient system storage", "452-4.3.1", TryLater),
        (Sender, "530 5.7.0 Must issue a STARTTLS command first", "530-5.7.0", Misconfigured),
        (Sender, "553 5.7.1 Sender address rejected: not owned by user", "553-5.7.1", Misconfigured),
        (Sender, "550 5.1.8 Sender address rejected", "550-5.1.8", Misconfigured),
        (Sender, "552 5.3.4 Message size exceeds limit", "552-5.3.4", Blocked),
        (Recipient, "450 4.2.0 Greylisted", "450-4.2.0", TryLater),
        (Recipient, "451 Try later", "451", TryLater),
        (Recipient, "452 4.2.2 Mailbox full", "452-4.2.2", TryLater),
        (Recipient, "550 5.1.1 <ada@lab.example>: no such user", "550-5.1.1", NumberRefused),
        (Recipient, "550-5.1.1 <ada@lab.example>\r\n550 5.1.1 no such user", "550-5.1.1", NumberRefused),
        (Recipient, "550 no such user", "550", NumberRefused),
        (Recipient, "551 User not local", "551", NumberRefused),
        (Recipient, "553 Mailbox name not allowed", "553", NumberRefused),
        (Recipient, "550 5.2.1 Mailbox disabled", "550-5.2.1", NumberRefused),
        (Recipient, "556 5.1.10 Domain takes no mail", "556-5.1.10", NumberRefused),
        (Recipient, "501 5.1.3 Bad address", "501-5.1.3", NumberRefused),
        (Recipient, "550 5.7.1 Blocked by policy", "550-5.7.1", Blocked),
        (Recipient, "554 5.7.1 Relay access denied", "554-5.7.1", Blocked),
        (Recipient, "552 5.2.2 Mailbox full", "552-5.2.2", Blocked),
        (Recipient, "550 12025550123.1.1 odd", "550", NumberRefused),
        (Recipient, "550 2.1.1 odd", "550", NumberRefused),
        (Data, "503 5.5.1 Bad sequence", "503-5.5.1", Misconfigured),
        (Data, "451 4.7.1 Try later", "451-4.7.1", TryLater),
        (Content, "451 4.3.0 Try later", "451-4.3.0", TryLater),
        (Content, "550 5.7.1 Looks like spam", "550-5.7.1", Blocked),
        (Content, "550 Rejected", "550", Blocked),
        (Content, "554 5.6.0 Message rejected", "554-5.6.0", Blocked),
        (Content, "552 5.2.2 Over quota", "552-5.2.2", Blocked),
        (Content, "550 5.1.1 No such user", "550-5.1.1", NumberRefused),
    ] {
        assert_eq!(refused_at(step, Fault::Says(said.to_owned())).await, (code.to_owned(), why), "{step:?} {said}");
    }
}

const BEFORE_THE_TEXT: [Step; 6] = [Step::Connect, Step::Hello, Step::Login, Step::Sender, Step::Recipient, Step::Data];

#[tokio::test]
async fn who_hangs_up_after_the_text_may_have_taken_it_and_before_has_not() {
    for step in BEFORE_THE_TEXT {
        let (code, why) = refused_at(step, Fault::HangsUp).await;
        assert!(["unreachable", "broken-off"].contains(&code.as_str()), "{step:?} {code}");
        assert_eq!(why, Failure::TryLater, "{step:?}");
    }
    let after = refused_at(Step::Content, Fault::HangsUp).await;
    assert_eq!(after, ("broken-off".to_owned(), Failure::Unknown));
}

#[tokio::test]
async fn a_silent_server_is_waited_for_five_seconds_in_all() {
    let started = Instant::now();
    let mut asking = JoinSet::new();
    for step in BEFORE_THE_TEXT.into_iter().chain([Step::Content]) {
        asking.spawn(async move { (step, refused_at(step, Fault::Silent).await) });
    }
    for (step, outcome) in asking.join_all().await {
        let why = if step == Step::Content { Failure::Unknown } else { Failure::TryLater };
        assert_eq!(outcome, ("timeout".to_owned(), why), "{step:?}");
    }
    assert!((5..7).contains(&started.elapsed().as_secs()));
}

#[tokio::test]
async fn what_comes_after_the_mail_was_taken_changes_nothing() {
    for fault in [Fault::Silent, Fault::HangsUp, Fault::Says("554 5.7.1 no".to_owned()), Fault::Says("?".to_owned())] {
        let server = MailServer::start(Ways { fault: Some((Step::Quit, fault)), ..Ways::default() }).await;
        let started = Instant::now();
        client(&server).send(&message(TO, &code_in(Language::English))).await.unwrap();
        assert!(started.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_hostile_server_is_refused_and_harms_nobody() {
    let long = format!("250 {}", "x".repeat(200_000));
    let says = ["", "?", "999 no", "99999999999 x", "200 \u{fffd}", "-1 x", &long];
    for step in BEFORE_THE_TEXT.into_iter().chain([Step::Content]) {
        let expected = if step == Step::Content { Failure::Unknown } else { Failure::TryLater };
        for said in says {
            let fault = Some((step, Fault::Says(said.to_owned())));
            let server = MailServer::start(Ways { fault, ..Ways::default() }).await;
            let sent = client(&server).send(&message(TO, &code_in(Language::English))).await;
            // A yes is a yes, however it is put; but one to our greeting that offers no login is of no use.
            let is_yes = said.starts_with("200") && step != Step::Content;
            let expected = match (is_yes, step) {
                (true, Step::Hello) => Err(Failure::Misconfigured),
                (true, _) => Ok(()),
                (false, _) => Err(expected),
            };
            assert_eq!(sent.map(drop).map_err(|refused| refused.why), expected, "{step:?} {}", said.len());
        }
        assert_eq!(refused_at(step, Fault::Endless).await.1, expected, "{step:?}");
    }
}
