//! The binary as its users start it: first login to first withdrawal, as pasted from the README, on a real Postgres and
//! on the embedded default; and what a killed process must not lose.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    folder::Folder,
    instance::{Instance, command, database_url},
    schema::emptied,
};

async fn log_in(server: &Instance, phone: &str) -> String {
    let (_, challenge) = server.post("/auth/otp/request", &json!({"phone": phone})).await;
    let body = json!({"challenge_id": challenge["challenge_id"], "code": code(server).await});
    let (status, tokens) = server.post("/auth/otp/verify", &body).await;
    assert_eq!(status, 200, "{tokens}");
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// The newest code in the terminal.
async fn code(server: &Instance) -> String {
    let text = server.wait_for(Duration::from_mins(2), &[("message to +", "\n")]).await;
    let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 6).collect();
    digits.last().expect("a code of six digits").to_string()
}

/// Runs the README's lines in bash and answers what the last one printed.
async fn paste_readme(server: &Instance) -> Value {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once("<!-- pasted by tests/it/end_to_end.rs -->\n```sh\n").expect("the block");
    let (lines, _) = after.split_once("```").expect("its end");
    let script = lines.replace("127.0.0.1:8080", &server.address);
    // Up to the code, which comes from the terminal, then the rest.
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut bash = bash.spawn().expect("bash");
    let code = code(server).await;
    writeln!(bash.stdin.take().expect("piped"), "{code}").unwrap();
    let done = tokio::task::spawn_blocking(move || bash.wait_with_output()).await.unwrap().unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{printed}{errors}");
    serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{errors}"))
}

fn assert_withdrawn(posted: &Value) {
    assert_eq!(posted["event"]["typed"], json!({"value": "10", "unit": "g"}), "{posted}");
    assert_eq!(posted["event"]["delta"], "-12.7226", "{posted}");
    assert_eq!(posted["container"]["amount"]["value"], "487.2774", "{posted}");
}

#[sqlx::test(migrations = false)]
async fn the_readme_leads_from_first_login_to_first_withdrawal_on_postgres(db: PgPool) {
    emptied(&db).await;
    let data = Folder::new();
    let url = database_url(&db);
    let server = Instance::start(&data, &[("DATABASE_URL", &url)]).await;
    assert_withdrawn(&paste_readme(&server).await);
    server.signal("-TERM");
}

#[tokio::test]
async fn the_readme_leads_from_first_login_to_first_withdrawal_on_the_embedded_default() {
    let data = Folder::new();
    let mut server = Instance::start(&data, &[]).await;
    assert_withdrawn(&paste_readme(&server).await);

    let second = command(&data, &[]).output().expect("the binary");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success(), "two processes on one directory");
    assert!(said.contains("DATA_DIR"), "it says what to do: {said}");

    server.signal("-INT");
    let ended = server.process.wait().expect("it ends");
    assert!(ended.success(), "Ctrl-C is a clean end: {}", server.said());
}

#[tokio::test]
async fn a_killed_process_loses_no_acknowledged_write_of_the_embedded_database() {
    let data = Folder::new();
    let server = Instance::start(&data, &[]).await;
    let token = log_in(&server, "+12025550123").await;
    let (_, labs) = server.call(&token, "/labs", None).await.unwrap();
    let lab = labs["items"][0]["id"].as_str().unwrap().to_owned();
    let (_, chemical) = server.call(&token, "/chemicals", Some(&json!({"name": "ethanol"}))).await.unwrap();
    let body = json!({"chemical_id": chemical["id"], "amount": {"value": "100000", "unit": "mL"}});
    let (status, bottle) = server.call(&token, &format!("/labs/{lab}/containers"), Some(&body)).await.unwrap();
    assert_eq!(status, 201, "{bottle}");
    let path = format!("/labs/{lab}/containers/{}", bottle["id"].as_str().unwrap());

    let acknowledged = Arc::new(Mutex::new(0));
    let writes = {
        let (count, path, token) = (acknowledged.clone(), format!("{path}/events"), token.clone());
        async {
            let (count, path, token) = (count, path, token);
            let event = json!({"type": "withdraw", "amount": {"value": "1", "unit": "mL"}});
            while let Ok((201, _)) = server.call(&token, &path, Some(&event)).await {
                *count.lock().unwrap() += 1;
            }
        }
    };
    let kill = async {
        while *acknowledged.lock().unwrap() < 40 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.signal("-KILL");
    };
    tokio::join!(writes, kill);
    drop(server);

    let again = Instance::start(&data, &[]).await;
    let (status, bottle) = again.call(&token, &path, None).await.unwrap();
    assert_eq!(status, 200, "the token outlives the process: {bottle}");
    let left: i64 = bottle["amount"]["value"].as_str().unwrap().parse().unwrap();
    let booked = 100_000 - left;
    let acknowledged = *acknowledged.lock().unwrap();
    // The one that was under way when the process died may have been booked, too.
    assert!(booked == acknowledged || booked == acknowledged + 1, "{acknowledged} acknowledged, {booked} booked");
}
