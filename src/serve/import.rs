//! `chemstock import`: a file into the database, and what became of it onto the terminal.

use std::{path::Path, process::ExitCode};

use uuid::Uuid;

use super::connect;
use crate::{
    base::phone::Phone,
    catalogue::chemicals::Names,
    config::Config,
    exchange::imports::{ContainerOptions, Options, Report, Usage, load_chemicals, load_containers},
    platform::stdout,
};

pub async fn chemicals(config: Config, file: &Path, options: &Options, names: Names) -> anyhow::Result<ExitCode> {
    let connected = connect(config).await?;
    let report = load_chemicals(&connected.app, file, options, names).await;
    connected.close().await;
    tell(&report?)
}

/// `person` is the phone of whoever has them imported.
pub async fn containers(
    config: Config,
    file: &Path,
    lab: Uuid,
    options: &ContainerOptions,
    person: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let person = person.map(|phone| Phone::parse(phone, None)).transpose();
    let person = person.map_err(|why| Usage(format!("--for: the phone {why}")))?;
    let connected = connect(config).await?;
    let report = load_containers(&connected.app, file, lab, options, person.as_ref()).await;
    connected.close().await;
    tell(&report?)
}

fn tell(report: &Report) -> anyhow::Result<ExitCode> {
    stdout::print(&format!("{report}\n"))?;
    Ok(report.exit_code())
}
