//! `chemstock serve` in a process of its own, and what it needs.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::PgPool;

use super::{documented::assert_documented, folder::Folder};

pub const PHONE: &str = "+15005550006";
pub const RIGHT: &str = "424242";

/// One `chemstock serve`.
pub struct Instance {
    pub process: Child,
    output: Arc<Mutex<String>>,
    http: reqwest::Client,
    pub address: String,
}

/// In a directory without a `.env`, with nothing of the tests' own environment.
pub fn command(folder: &Folder, vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chemstock"));
    command.current_dir(&folder.0).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["HOME", "PATH", "XDG_CACHE_HOME"] {
        #[expect(clippy::disallowed_methods, reason = "what the child needs of the machine")]
        command.envs(std::env::var(name).map(|value| (name, value)));
    }
    command.env("PORT", "0").env("DATA_DIR", folder.0.join("data")).envs(vars.iter().copied());
    command
}

impl Instance {
    pub fn spawn(folder: &Folder, vars: &[(&str, &str)]) -> Self {
        let mut process = command(folder, vars).spawn().expect("the binary");
        let output = Arc::<Mutex<String>>::default();
        collect(process.stdout.take().expect("piped"), output.clone());
        collect(process.stderr.take().expect("piped"), output.clone());
        Self { process, output, http: http(), address: String::new() }
    }

    pub async fn start(folder: &Folder, vars: &[(&str, &str)]) -> Self {
        let mut instance = Self::spawn(folder, vars);
        // In production there is only the log.
        let greetings = [("API and docs   http://", "/docs"), ("\"address\":\"", "\"")];
        instance.address = instance.wait_for(Duration::from_mins(2), &greetings).await;
        instance
    }

    pub fn said(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// What stands between either two in the output the last time, once it is there.
    pub async fn wait_for(&self, patience: Duration, between: &[(&str, &str)]) -> String {
        let deadline = Instant::now() + patience;
        loop {
            let said = self.said();
            let found = |(before, after): &(&str, &str)| {
                let (_, rest) = said.rsplit_once(before)?;
                rest.split_once(after).map(|(found, _)| found.to_owned())
            };
            if let Some(found) = between.iter().find_map(found) {
                return found;
            }
            assert!(Instant::now() < deadline, "no {between:?} in the output:\n{said}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn until_it_says(&self, what: &str) {
        self.wait_for(Duration::from_secs(20), &[(what, "")]).await;
    }

    /// GET without a body, else POST.
    pub async fn call(&self, token: &str, path: &str, body: Option<&Value>) -> reqwest::Result<(u16, Value)> {
        let url = format!("http://{}/v1{path}", self.address);
        let request = match body {
            Some(body) => self.http.post(url).json(body),
            None => self.http.get(url),
        };
        let response = request.bearer_auth(token).send().await?;
        let (status, answer) = (response.status().as_u16(), response.json().await?);
        let method = if body.is_some() { "POST" } else { "GET" };
        assert_documented(method, &format!("/v1{path}"), status, &answer);
        Ok((status, answer))
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call("", path, Some(body)).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.http.get(format!("http://{}{path}", self.address)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// What somebody with this token gets.
    pub async fn get_as(&self, token: &str, path: &str) -> u16 {
        self.call(token, path, None).await.unwrap().0
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
