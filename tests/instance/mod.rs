//! `chemstock serve` in a process of its own, and what it needs.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::folder::Folder;

pub const PHONE: &str = "+15005550006";
pub const RIGHT: &str = "424242";

/// One `chemstock serve`.
pub struct Instance {
    pub process: Child,
    output: Arc<Mutex<String>>,
    pub address: String,
}

impl Instance {
    pub fn spawn(folder: &Folder, vars: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chemstock"));
        // In a directory without a `.env`, with nothing of the tests' own environment.
        command.current_dir(&folder.0).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        command.env("PORT", "0").env("DATA_DIR", folder.0.join("data")).envs(vars.iter().copied());
        let mut process = command.spawn().expect("the binary");
        let output = Arc::<Mutex<String>>::default();
        collect(process.stdout.take().expect("piped"), output.clone());
        collect(process.stderr.take().expect("piped"), output.clone());
        Self { process, output, address: String::new() }
    }

    pub async fn start(folder: &Folder, vars: &[(&str, &str)]) -> Self {
        let mut instance = Self::spawn(folder, vars);
        let deadline = Instant::now() + Duration::from_mins(1);
        while instance.address.is_empty() {
            let said = instance.said();
            assert!(Instant::now() < deadline, "it does not start:\n{said}");
            // In production there is only the log.
            let greeting = said.split_once("API and docs   http://").and_then(|(_, rest)| rest.split_once("/docs"));
            let logged = || said.split_once("\"address\":\"").and_then(|(_, rest)| rest.split_once('"'));
            if let Some((address, _)) = greeting.or_else(logged) {
                address.clone_into(&mut instance.address);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        instance
    }

    pub fn said(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let response = http().post(format!("http://{}/v1{path}", self.address)).json(body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let response = http().get(format!("http://{}{path}", self.address)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// What somebody with this token gets.
    pub async fn get_as(&self, token: &str, path: &str) -> u16 {
        let request = http().get(format!("http://{}/v1{path}", self.address)).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.process.id().to_string()]).status();
        assert!(sent.expect("kill").success());
    }

    pub async fn ask(&self) -> String {
        let (status, asked) = self.post("/auth/otp/request", &json!({ "phone": PHONE })).await;
        assert_eq!(status, 202, "{asked}");
        asked["challenge_id"].as_str().unwrap().to_owned()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().expect("a client")
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

#[expect(clippy::disallowed_methods, reason = "where the tests' own servers are")]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; scripts/test sets it"))
}

/// The address of the test's own database.
pub fn database_url(db: &PgPool) -> String {
    let name = db.connect_options().get_database().expect("a name").to_owned();
    format!("{}/{name}", variable("DATABASE_URL").rsplit_once('/').expect("a database in it").0)
}

/// A server that this test alone talks to.
pub struct RedisServer(Child);

impl RedisServer {
    pub fn start(port: u16, settings: &[&str]) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
        Self(command.args(settings).stdout(Stdio::null()).spawn().expect("redis-server on the PATH"))
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
