//! What comes before a mail: the settings, encryption, and the check.

use super::*;

fn plain(server: &MailServer, host: &str) -> Smtp {
    client_at(&format!("smtp://{LOGIN}{host}:{}", server.port))
}

/// To 0.0.0.0 Linux connects as to 127.0.0.1, but it is no address of this machine alone.
const ELSEWHERE: &str = "0.0.0.0";

#[tokio::test]
async fn elsewhere_nothing_is_said_to_a_server_without_encryption() {
    let server = MailServer::start(Ways::default()).await;
    let client = plain(&server, ELSEWHERE);
    assert_eq!(refused(&client).await, ("no-tls".to_owned(), Failure::Misconfigured));
    assert_eq!(client.check().await.unwrap_err().code, "no-tls");
    assert!(server.said().iter().all(|line| line == "EHLO chem.example"), "{:?}", server.said());
}

#[tokio::test]
async fn encryption_that_is_offered_is_used_and_nothing_is_said_if_it_fails() {
    for host in [ELSEWHERE, "127.0.0.1", "localhost"] {
        let server = MailServer::start(Ways { tls: Tls::Promised, ..Ways::default() }).await;
        let outcome = refused(&plain(&server, host)).await;
        assert_eq!(outcome, ("tls".to_owned(), Failure::Misconfigured), "{host}");
        assert_eq!(server.said(), ["EHLO chem.example", "STARTTLS", "<ClientHello>"], "{host}");
    }
}

#[tokio::test]
async fn a_server_that_promises_encryption_and_then_refuses_gets_nothing() {
    for (said, why) in [("454 4.7.0 TLS not available", Failure::TryLater), ("502 5.5.1 No", Failure::Misconfigured)] {
        let fault = Some((Step::StartTls, Fault::Says(said.to_owned())));
        let server = MailServer::start(Ways { tls: Tls::Promised, fault, ..Ways::default() }).await;
        assert_eq!(refused(&plain(&server, "127.0.0.1")).await.1, why);
        assert!(!server.said().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn encryption_from_the_start_is_not_given_up() {
    for host in [ELSEWHERE, "127.0.0.1", "localhost"] {
        let server = MailServer::start(Ways::default()).await;
        let client = client_at(&format!("smtps://{LOGIN}{host}:{}", server.port));
        assert_eq!(refused(&client).await, ("tls".to_owned(), Failure::Misconfigured), "{host}");
        assert!(server.said().is_empty(), "{:?}", server.said());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    for url in ["smtp://127.0.0.1:9", "smtps://127.0.0.1:9", "smtp://mail.chem.invalid:9"] {
        assert_eq!(refused(&client_at(url)).await, ("unreachable".to_owned(), Failure::TryLater), "{url}");
    }
}

#[tokio::test]
async fn a_check_logs_in_and_sends_nothing() {
    let server = MailServer::start(Ways { needs_login: true, ..Ways::default() }).await;
    client(&server).check().await.unwrap();
    let said = server.said();
    let verbs: Vec<_> = said.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(verbs, ["EHLO", "AUTH", "QUIT"]);
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn wrong_credentials_are_told_by_a_check_and_by_a_mail() {
    let server = MailServer::start(Ways { needs_login: true, ..Ways::default() }).await;
    let wrong = client_at(&format!("smtp://codes%40chem.example:wrong@127.0.0.1:{}", server.port));
    assert_eq!(wrong.check().await.unwrap_err(), Refused::new(Failure::Misconfigured, "535-5.7.8"));
    assert_eq!(refused(&wrong).await, ("535-5.7.8".to_owned(), Failure::Misconfigured));
    let none = client_at(&format!("smtp://127.0.0.1:{}", server.port));
    assert_eq!(refused(&none).await, ("530-5.7.0".to_owned(), Failure::Misconfigured));
    let server = MailServer::start(Ways { offers_no_login: true, ..Ways::default() }).await;
    assert_eq!(refused(&client(&server)).await, ("no-login".to_owned(), Failure::Misconfigured));
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_told_by_every_use() {
    let from = "codes@chem.example";
    for (url, from, code) in [
        ("smtp://user:%zz@127.0.0.1:9", from, "smtp-url"),
        ("smtp://user:%ff@127.0.0.1:9", from, "smtp-url"),
        ("smtp://user:%4@127.0.0.1:9", from, "smtp-url"),
        ("smtp://user:%+4@127.0.0.1:9", from, "smtp-url"),
        ("smtp://127.0.0.1:9", "nobody", "sender"),
        ("smtp://127.0.0.1:9", "codes@chemikalien-b\u{fc}ro.example", "sender"),
    ] {
        let client = Smtp::new(&SmtpConfig { url: url.into(), from: from.to_owned() }, None);
        assert_eq!(client.check().await.unwrap_err(), Refused::new(Failure::Misconfigured, code), "{url} {from}");
        assert_eq!(refused(&client).await, (code.to_owned(), Failure::Misconfigured));
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused_without_asking_anybody() {
    let server = MailServer::start(Ways::default()).await;
    let client = client(&server);
    for to in
        ["", "ada", "ada@", "@lab.example", "ada@lab.example>\r\nDATA", "ada@lab.example\r\n", "\u{e4}da@lab.example"]
    {
        let refused = client.send(&message(to, &code_in(Language::English))).await.unwrap_err();
        assert_eq!(refused, Refused::new(Failure::NumberRefused, "address"), "{to}");
    }
    assert!(server.said().is_empty());
}
