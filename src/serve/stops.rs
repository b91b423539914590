//! `chemstock stops`: where strangers get no codes, from the command line.

use std::process::ExitCode;

use chrono::{SecondsFormat, TimeDelta};

use crate::{
    config::Config,
    journal::{Actor, System},
    people::codes::stops::{self, Prefix, SendingStop, StoppedBy},
    platform::app::App,
    serve,
};

/// One line each.
#[expect(clippy::print_stdout, reason = "this command is asked to print")]
pub async fn list(config: Config) -> anyhow::Result<ExitCode> {
    let connected = serve::connect(config).await?;
    let stops = stops::all(&connected.app).await?;
    connected.close().await;
    if stops.is_empty() {
        eprintln!("codes are sent everywhere");
    }
    for stop in stops {
        println!("{}", line(&stop));
    }
    Ok(ExitCode::SUCCESS)
}

fn line(stop: &SendingStop) -> String {
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let by = if stop.by == StoppedBy::Breaker { "by itself" } else { "by an owner" };
    let until = stop.until.map_or_else(|| "until it is lifted".to_owned(), |until| format!("until {}", time(until)));
    let SendingStop { prefix, sent, phones, verified, .. } = stop;
    format!(
        "{prefix:<10}  {by}, since {}, {until}; in 24 hours {sent} codes to {phones} phones, {verified} came back",
        time(stop.since)
    )
}

pub async fn set(config: Config, prefix: &str, hours: Option<u32>) -> anyhow::Result<ExitCode> {
    let prefix = parsed(prefix)?;
    let connected = serve::connect(config).await?;
    let until = hours.map(|hours| connected.app.clock.now() + TimeDelta::hours(hours.into()));
    let stop = stops::set_for(&connected.app, &prefix, until, by(&connected.app)).await?;
    connected.close().await;
    eprintln!("done: strangers get no codes there: {}", line(&stop));
    Ok(ExitCode::SUCCESS)
}

pub async fn lift(config: Config, prefix: &str) -> anyhow::Result<ExitCode> {
    let prefix = parsed(prefix)?;
    let connected = serve::connect(config).await?;
    let was_stopped = stops::lift_for(&connected.app, &prefix, by(&connected.app)).await?;
    connected.close().await;
    eprintln!(
        "{}",
        if was_stopped { "done: codes are sent there again" } else { "nothing to do: nothing is stopped there" }
    );
    Ok(ExitCode::SUCCESS)
}

fn by(app: &App) -> Actor {
    Actor::system(System::CommandLine, app.clock.now())
}

fn parsed(prefix: &str) -> anyhow::Result<Prefix> {
    let wanted = "give a country like DE, or the beginning of numbers like +49151123";
    Prefix::parse(prefix).ok_or_else(|| anyhow::anyhow!("{prefix:?} is no prefix: {wanted}"))
}
