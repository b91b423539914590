//! Loading what a lab has already: `chemstock import chemicals FILE` and `import containers FILE --lab ID`. Rows go in
//! by batches, each in one transaction, so an interrupted import leaves whole batches, and a second run finishes it and
//! changes nothing else. Rows that cannot go in are written to a file of corrections, with the reason.

mod bottles;
mod corrections;
mod faults;
mod places;
mod run;
mod store;
mod substances;
mod table;

use std::{
    fmt,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use uuid::Uuid;

use self::{bottles::Bottles, substances::Substances, table::Table};
use crate::{app::App, config::Config, phone::Phone, serve};

/// What became of a file.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    pub read: u64,
    pub added: u64,
    /// Entries of the catalogue that the file filled up.
    pub completed: u64,
    pub unchanged: u64,
    pub failed: u64,
    /// Where the failed rows are, each with its reason.
    pub corrections: Option<PathBuf>,
    pub warnings: Vec<String>,
}

impl Report {
    /// 0 when every row went in, else 2.
    pub fn exit_code(&self) -> ExitCode {
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        let Self { read, added, completed, unchanged, failed, .. } = self;
        write!(f, "read {read}, added {added}, completed {completed}, unchanged {unchanged}, failed {failed}")?;
        match &self.corrections {
            Some(path) => {
                write!(f, "\nThe failed rows are in {}; correct them there and import that file.", path.display())
            }
            None => Ok(()),
        }
    }
}

pub async fn chemicals(config: Config, file: &Path) -> anyhow::Result<ExitCode> {
    let connected = serve::connect(config).await?;
    let report = load_chemicals(&connected.app, file).await;
    connected.close().await;
    tell(&report?)
}

/// `person` is the phone of whoever has them imported.
pub async fn containers(
    config: Config,
    file: &Path,
    lab: Uuid,
    create_locations: bool,
    person: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let person = person.map(|phone| Phone::parse(phone, None)).transpose();
    let person = person.map_err(|why| anyhow::anyhow!("the phone {why}"))?;
    let connected = serve::connect(config).await?;
    let report = load_containers(&connected.app, file, lab, create_locations, person.as_ref()).await;
    connected.close().await;
    tell(&report?)
}

fn tell(report: &Report) -> anyhow::Result<ExitCode> {
    writeln!(std::io::stdout(), "{report}")?;
    Ok(report.exit_code())
}

/// Substances of a CSV file with a header, or of `PubChem`'s TSV without one, into the catalogue.
pub async fn load_chemicals(app: &App, file: &Path) -> anyhow::Result<Report> {
    let text = read(file)?;
    let table = Table::open(&text, substances::COLUMNS, true)?;
    run::run(app, file, &table, &mut Substances::default()).await
}

/// Bottles of a CSV file with a header into a lab. Places that the lab does not have are made only when asked for.
pub async fn load_containers(
    app: &App,
    file: &Path,
    lab: Uuid,
    create_locations: bool,
    person: Option<&Phone>,
) -> anyhow::Result<Report> {
    let text = read(file)?;
    let table = Table::open(&text, bottles::COLUMNS, false)?;
    let mut bottles = Bottles::for_lab(app, lab, create_locations, person).await?;
    run::run(app, file, &table, &mut bottles).await
}

fn read(file: &Path) -> anyhow::Result<String> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    table::decode(bytes)
}
