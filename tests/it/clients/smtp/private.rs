//! Mail relays with a certificate of a private authority, as companies and universities have them.

use chemstock::config::{Authorities, Config};

use super::*;
use crate::support::{folder::Folder, instance, tls};

fn trusting(url: &str) -> Smtp {
    let config = SmtpConfig { url: url.into(), from: "codes@chem.example".to_owned() };
    Smtp::new(&config, Some(&Authorities::File(tls::file("ca.pem"))))
}

/// From the start, and by STARTTLS.
async fn relays() -> [(&'static str, MailServer); 2] {
    let relay = async |tls| MailServer::start(Ways { tls, needs_login: true, ..Ways::default() }).await;
    [("smtps", relay(Tls::FromTheStart).await), ("smtp", relay(Tls::Offered).await)]
}

#[tokio::test]
async fn a_relay_of_a_private_authority_is_logged_in_to_and_takes_mail() {
    for (scheme, server) in relays().await {
        let client = trusting(&format!("{scheme}://{LOGIN}localhost:{}", server.port));
        client.check().await.unwrap();
        client.send(&message(TO, &code_in(Language::English))).await.unwrap();
        assert!(server.last().logged_in, "{scheme}");
        let said = server.said();
        let (before, after) = said.split_at(said.iter().position(|line| line == "<TLS>").unwrap());
        assert!(!before.iter().any(|line| line.starts_with("AUTH")), "{scheme}: {said:?}");
        assert!(after.iter().any(|line| line.starts_with("AUTH PLAIN")), "{scheme}");
    }
}

#[tokio::test]
async fn without_its_authority_or_under_another_name_such_a_relay_hears_no_password() {
    for (scheme, server) in relays().await {
        let of = |host: &str| format!("{scheme}://{LOGIN}{host}:{}", server.port);
        for client in [client_at(&of("localhost")), trusting(&of("0.0.0.0"))] {
            assert_eq!(refused(&client).await, ("tls".to_owned(), Failure::Misconfigured), "{scheme}");
        }
        assert!(!server.said().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")));
    }
}

#[tokio::test]
async fn authorities_come_as_a_path_as_text_or_by_the_variable_of_openssl() {
    let pem = std::fs::read_to_string(tls::file("ca.pem")).unwrap();
    let (path, one_line) = (tls::authority(), pem.replace('\n', "\\n"));
    let settings = [("EXTRA_CA_CERTS", &path), ("EXTRA_CA_CERTS", &pem), ("EXTRA_CA_CERTS", &one_line)];
    for (name, value) in settings.into_iter().chain([("SSL_CERT_FILE", &path)]) {
        for (scheme, server) in relays().await {
            let (folder, url) = (Folder::new(), format!("{scheme}://{LOGIN}localhost:{}", server.port));
            let vars = [(name, value.as_str()), ("SMTP_URL", &url), ("EMAIL_FROM", "codes@chem.example")];
            let mut command = instance::command(&folder, &vars);
            command.arg("doctor");
            let output = tokio::task::spawn_blocking(move || command.output().unwrap());
            let said = String::from_utf8(output.await.unwrap().stdout).unwrap();
            assert!(said.contains("smtp knows the credentials"), "{name} {scheme}: {said}");
        }
    }
}

#[tokio::test]
async fn https_and_redis_believe_such_an_authority_too() {
    let outside = crate::support::providers::vonage::CONTRACT.start().await;
    let port = tls::in_front_of(outside.url.trim_start_matches("http://").to_owned()).await;
    let url = format!("https://localhost:{port}");
    let mut vars = (crate::support::providers::vonage::CONTRACT.vars)(&url);
    let authority = tls::authority();
    let of = |vars: &[(&'static str, String)]| {
        Config::from_vars(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())).unwrap()
    };
    let doubting = chemstock::messages::probe::check(&of(&vars)).await;
    assert!(doubting[0].1.is_err());
    vars.push(("EXTRA_CA_CERTS", authority.clone()));
    let trusting = chemstock::messages::probe::check(&of(&vars)).await;
    assert_eq!(trusting[0].1, Ok(()));

    let plain = instance::variable("TEST_REDIS_URL");
    let port = tls::in_front_of(plain.trim_start_matches("redis://").trim_end_matches('/').to_owned()).await;
    let redis = |vars: &[(&'static str, String)]| {
        let config = of(vars);
        chemstock::clients::redis::Redis::new(config.redis.as_ref().unwrap(), config.authorities.as_ref())
    };
    let url = ("REDIS_URL", format!("rediss://localhost:{port}/0"));
    assert!(redis(std::slice::from_ref(&url)).ready().await.is_err());
    redis(&[url, ("EXTRA_CA_CERTS", authority)]).ready().await.unwrap();
}

#[sqlx::test(migrations = false)]
async fn postgres_believes_such_an_authority_too(db: sqlx::PgPool) {
    let options = db.connect_options();
    let port = tls::in_front_of_postgres(format!("{}:{}", options.get_host(), options.get_port())).await;
    let database = instance::database_url(&db);
    let (user, name) = (options.get_username(), database.rsplit('/').next().unwrap());
    let url = format!("postgres://{user}@localhost:{port}/{name}?sslmode=verify-full");
    let authorities = Authorities::File(tls::file("ca.pem"));
    assert!(chemstock::platform::lanes::Lanes::open(&url, None).await.is_err());
    let lanes = chemstock::platform::lanes::Lanes::open(&url, Some(&authorities)).await.unwrap();
    lanes.close().await;
}

#[test]
fn authorities_that_are_none_are_told_at_the_start() {
    let of = |value: &str| {
        let value = value.to_owned();
        Config::from_vars(move |name| (name == "EXTRA_CA_CERTS").then(|| value.clone()))
    };
    let not_one = "-----BEGIN CERTIFICATE-----\nMTIz\n-----END CERTIFICATE-----\n";
    assert!(of(not_one).unwrap_err().to_string().contains("EXTRA_CA_CERTS"));
    let file = of("/nowhere/ca.pem").unwrap().authorities.unwrap();
    assert!(file.load().unwrap_err().starts_with("EXTRA_CA_CERTS: /nowhere/ca.pem cannot be read"));
    let key = Authorities::File(tls::file("server.key"));
    assert_eq!(key.load().unwrap_err(), "EXTRA_CA_CERTS holds no certificate in PEM");
}
