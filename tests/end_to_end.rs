//! The binary as its users start it: first login to first withdrawal, as pasted from the README, on a real Postgres and
//! on the embedded default; and what a killed process must not lose.

#![expect(clippy::unwrap_used, reason = "a test that finds something else has failed")]

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::PgPool;

use self::folder::Folder;

mod folder;

/// The server in a process of its own.
struct Server {
    process: Child,
    output: Arc<Mutex<String>>,
    http: reqwest::Client,
    address: String,
}

impl Server {
    async fn start(data: &Path, vars: &[(&str, &str)]) -> Self {
        let mut process = command(data, vars).spawn().expect("the binary");
        let output = Arc::<Mutex<String>>::default();
        collect(process.stdout.take().expect("piped"), output.clone());
        collect(process.stderr.take().expect("piped"), output.clone());
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut server = Self { process, output, http, address: String::new() };
        server.address = server.wait_for("API and docs   http://", "/docs").await;
        server
    }

    /// What stands between the two in the output, once it is there.
    async fn wait_for(&self, before: &str, after: &str) -> String {
        let deadline = Instant::now() + Duration::from_mins(2);
        loop {
            let output = self.output.lock().unwrap().clone();
            if let Some((_, rest)) = output.rsplit_once(before)
                && let Some((found, _)) = rest.split_once(after)
            {
                return found.to_owned();
            }
            assert!(Instant::now() < deadline, "no {before:?} in the output:\n{output}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn call(&self, token: &str, path: &str, body: Option<Value>) -> reqwest::Result<(u16, Value)> {
        let url = format!("http://{}/v1{path}", self.address);
        let request = match body {
            Some(body) => self.http.post(url).json(&body),
            None => self.http.get(url),
        };
        let response = request.bearer_auth(token).send().await?;
        let status = response.status().as_u16();
        Ok((status, response.json().await?))
    }

    async fn log_in(&self, phone: &str) -> String {
        let (_, challenge) = self.call("", "/auth/otp/request", Some(json!({"phone": phone}))).await.unwrap();
        let code = self.code().await;
        let body = json!({"challenge_id": challenge["challenge_id"], "code": code});
        let (status, tokens) = self.call("", "/auth/otp/verify", Some(body)).await.unwrap();
        assert_eq!(status, 200, "{tokens}");
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// The newest code in the terminal.
    async fn code(&self) -> String {
        let text = self.wait_for("message to +", "\n").await;
        let digits: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).filter(|part| part.len() == 6).collect();
        digits.last().expect("a code of six digits").to_string()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn command(data: &Path, vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chemstock"));
    // In a directory without a `.env`, with nothing of the tests' own environment.
    command.current_dir(data).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("PORT", "0").env("DATA_DIR", data.join("data"));
    for name in ["HOME", "PATH", "XDG_CACHE_HOME"] {
        #[expect(clippy::disallowed_methods, reason = "what the child needs of the machine")]
        command.envs(std::env::var(name).map(|value| (name, value)));
    }
    command.envs(vars.iter().copied());
    command
}

fn collect(stream: impl Read + Send + 'static, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut text = into.lock().unwrap();
            text.push_str(&line);
            text.push('\n');
        }
    });
}

/// Runs the README's lines in bash and answers what the last one printed.
async fn paste_readme(server: &Server) -> Value {
    let readme = include_str!("../README.md");
    let (_, after) = readme.split_once("<!-- pasted by tests/end_to_end.rs -->\n```sh\n").expect("the block");
    let (lines, _) = after.split_once("```").expect("its end");
    let script = lines.replace("127.0.0.1:8080", &server.address);
    // Up to the code, which comes from the terminal, then the rest.
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut bash = bash.spawn().expect("bash");
    let code = server.code().await;
    std::io::Write::write_all(&mut bash.stdin.take().expect("piped"), format!("{code}\n").as_bytes()).unwrap();
    let done = tokio::task::spawn_blocking(move || bash.wait_with_output()).await.unwrap().unwrap();
    let (printed, errors) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{printed}{errors}");
    serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{printed}{errors}"))
}

fn assert_withdrawn(posted: &Value) {
    assert_eq!(posted["event"]["typed"], json!({"value": "10", "unit": "g"}), "{posted}");
    let amount: f64 = posted["container"]["amount"]["value"].as_str().unwrap().parse().unwrap();
    assert!((amount - (500.0 - 10.0 / 0.786)).abs() < 1e-9, "{posted}");
}

#[sqlx::test(migrations = false)]
async fn the_readme_leads_from_first_login_to_first_withdrawal_on_postgres(db: PgPool) {
    let data = Folder::new();
    let url = database_url(&db);
    let server = Server::start(&data.0, &[("DATABASE_URL", &url)]).await;
    assert_withdrawn(&paste_readme(&server).await);
    server.signal("-TERM");
}

/// The address of the test's own database.
fn database_url(db: &PgPool) -> String {
    let name = db.connect_options().get_database().expect("a name").to_owned();
    #[expect(clippy::disallowed_methods, reason = "where the test framework reads it, too")]
    let server = std::env::var("DATABASE_URL").expect("scripts/test sets it");
    let (server, _) = server.rsplit_once('/').expect("a database in it");
    format!("{server}/{name}")
}

#[tokio::test]
async fn the_readme_leads_from_first_login_to_first_withdrawal_on_the_embedded_default() {
    let data = Folder::new();
    let mut server = Server::start(&data.0, &[]).await;
    assert_withdrawn(&paste_readme(&server).await);

    let second = command(&data.0, &[]).output().expect("the binary");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success(), "two processes on one directory");
    assert!(said.contains("DATA_DIR"), "it says what to do: {said}");

    server.signal("-INT");
    let ended = server.process.wait().expect("it ends");
    assert!(ended.success(), "Ctrl-C is a clean end: {}", server.output.lock().unwrap());
}

#[tokio::test]
async fn a_killed_process_loses_no_acknowledged_write_of_the_embedded_database() {
    let data = Folder::new();
    let server = Server::start(&data.0, &[]).await;
    let token = server.log_in("+12025550123").await;
    let (_, labs) = server.call(&token, "/labs", None).await.unwrap();
    let lab = labs["items"][0]["id"].as_str().unwrap().to_owned();
    let (_, chemical) = server.call(&token, "/chemicals", Some(json!({"name": "ethanol"}))).await.unwrap();
    let body = json!({"chemical_id": chemical["id"], "amount": {"value": "100000", "unit": "mL"}});
    let (status, bottle) = server.call(&token, &format!("/labs/{lab}/containers"), Some(body)).await.unwrap();
    assert_eq!(status, 201, "{bottle}");
    let path = format!("/labs/{lab}/containers/{}", bottle["id"].as_str().unwrap());

    let acknowledged = Arc::new(Mutex::new(0));
    let writes = {
        let (count, path, token) = (acknowledged.clone(), format!("{path}/events"), token.clone());
        async {
            let (count, path, token) = (count, path, token);
            let event = json!({"type": "withdraw", "amount": {"value": "1", "unit": "mL"}});
            while let Ok((201, _)) = server.call(&token, &path, Some(event.clone())).await {
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

    let again = Server::start(&data.0, &[]).await;
    let (status, bottle) = again.call(&token, &path, None).await.unwrap();
    assert_eq!(status, 200, "the token outlives the process: {bottle}");
    let left: i64 = bottle["amount"]["value"].as_str().unwrap().parse().unwrap();
    let booked = 100_000 - left;
    let acknowledged = *acknowledged.lock().unwrap();
    // The one that was under way when the process died may have been booked, too.
    assert!(booked == acknowledged || booked == acknowledged + 1, "{acknowledged} acknowledged, {booked} booked");
}
