//! `chemstock doctor`: asks everything that a login depends on how it is, and says what to do. It changes nothing,
//! sends nothing unless it is asked to, takes ten seconds at the most, and tells no secret and nobody's phone: its
//! output may be shown to whoever helps.

use std::{fmt, process::ExitCode, time::Duration};

use crate::{
    base::clock::Clock,
    config::{Config, ConfigErrors},
    platform::stdout,
};

mod codes;
mod database;
mod firebase;
mod keys;
mod messages;
mod notary;
mod redis;
mod roles;
mod settings;

/// For each party; all are asked at the same time.
const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Ok,
    /// It works, but not as it should in the long run.
    Warning,
    /// Something does not work until this is mended.
    Problem,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// On what the product depends here, such as `database`.
    pub part: &'static str,
    pub level: Level,
    pub found: String,
    /// Empty when all is well.
    pub remedy: String,
}

impl Finding {
    fn ok(part: &'static str, found: impl Into<String>) -> Self {
        Self { part, level: Level::Ok, found: found.into(), remedy: String::new() }
    }

    fn warning(part: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, level: Level::Warning, found: found.into(), remedy: remedy.into() }
    }

    fn problem(part: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { part, level: Level::Problem, found: found.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Problem => "PROBLEM",
        };
        // What a driver says may have several lines.
        let found = self.found.split_whitespace().collect::<Vec<_>>().join(" ");
        write!(f, "{level:<8} {:<14} {found}", self.part)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, ": {}", self.remedy) }
    }
}

/// `chemstock doctor`, with a test message to a phone if one is given. It ends with 1 when there is a problem.
pub async fn run(config: Result<Config, ConfigErrors>, send_to: Option<&str>) -> ExitCode {
    let findings = match config {
        Ok(config) => {
            let mut findings = examine(&config, &Clock::real()).await;
            if let Some(phone) = send_to {
                findings.extend(messages::send(&config, phone).await);
            }
            findings
        }
        Err(errors) => misconfigured(&errors),
    };
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let problems = count(Level::Problem);
    let sums = format!("{}, {}\n", counted(problems, "problem"), counted(count(Level::Warning), "warning"));
    let lines: Vec<String> = findings.iter().map(ToString::to_string).chain([sums]).collect();
    if let Err(error) = stdout::print(&lines.join("\n")) {
        eprintln!("error: {error}");
    }
    if problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// Nobody can be asked at an address that may be wrong.
fn misconfigured(errors: &ConfigErrors) -> Vec<Finding> {
    let told = |it: &crate::config::Problem| {
        Finding::problem("configuration", format!("{} {}", it.variable, it.wrong), it.remedy.clone())
    };
    let rest = "nothing else was looked at";
    let rest = Finding::warning("configuration", rest, "mend this first; .env.example describes every variable");
    errors.0.iter().map(told).chain([rest]).collect()
}

/// Everything that can be known of an installation, by party: settings first, then who is asked over the network.
pub async fn examine(config: &Config, clock: &Clock) -> Vec<Finding> {
    let (database, redis, firebase, messages) = tokio::join!(
        patiently("database", Box::pin(database::look(config, clock))),
        patiently("redis", Box::pin(redis::look(config))),
        patiently("firebase", Box::pin(firebase::look(config, clock.now()))),
        patiently("messages", Box::pin(messages::look(config))),
    );
    let settings = [
        vec![start(config)],
        config
            .warnings
            .iter()
            .map(|warning| Finding::warning("configuration", warning, "rename or remove it"))
            .collect(),
        settings::secret_key(config),
        keys::look(config),
        settings::addresses(config),
        settings::data_dir(config),
        settings::phones(config, clock.now()),
    ];
    settings.into_iter().chain([database, redis, firebase, messages]).flatten().collect()
}

async fn patiently(part: &'static str, work: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let late = |_| {
        let found = format!("did not say how it is within {} seconds", PATIENCE.as_secs());
        vec![Finding::problem(part, found, "look whether it is overloaded, or its packets are dropped on the way")]
    };
    tokio::time::timeout(PATIENCE, work).await.unwrap_or_else(late)
}

fn start(config: &Config) -> Finding {
    let mode = if config.is_production() { "production" } else { "development" };
    Finding::ok("configuration", format!("complete, for {mode}"))
}
