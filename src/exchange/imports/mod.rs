//! Loading what a lab has already: `chemstock import chemicals FILE` and `import containers FILE --lab ID`. Rows go in
//! by batches, each in one transaction, so an interrupted import leaves whole batches, and a second run finishes it and
//! changes nothing else. Rows that cannot go in are written to a file of corrections, with the reason.

mod amount_columns;
mod batch;
mod bottles;
mod columns;
mod corrections;
mod days;
mod encoding;
mod evidence;
mod faults;
mod header_units;
mod headers;
mod headings;
mod heads;
mod host;
mod kinds;
mod lines;
mod numbers;
mod own;
mod part;
mod place_columns;
mod place_path;
mod places;
mod plain;
mod pubchem;
mod quotes;
mod readings;
mod run;
mod shapes;
mod signs;
mod store;
mod substances;
mod table;
mod turns;
mod uploads;

use std::{
    fmt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use uuid::Uuid;

use self::{
    bottles::Bottles,
    columns::Columns,
    host::{Host, Terminal},
    substances::Substances,
    table::Table,
};
pub use self::{
    headers::Mapping,
    uploads::{RunImport, routes, sweep},
};
use crate::{base::phone::Phone, catalogue::chemicals::Names, platform::app::App};

/// What whoever runs an import has decided. Without a word nothing is guessed.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct Options {
    /// Say what would happen, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Which column is meant, where its header is not known: `--map code=Container_Number`; may be repeated
    #[arg(long = "map", value_name = "COLUMN=HEADER")]
    pub mapping: Vec<Mapping>,
    /// Leave a column out, whatever stands in it; may be repeated
    #[arg(long, value_name = "HEADER")]
    pub ignore: Vec<String>,
    /// Take a damaged CAS number as the one that it must have been (`66251` as 66-25-1), where the check digit proves
    /// it
    #[arg(long)]
    pub repair_cas: bool,
    /// Bring back what people have undone or deleted since an import brought it
    #[arg(long)]
    pub revive: bool,
}

/// What more there is to decide of bottles.
#[derive(Debug, Default, Clone, clap::Args)]
pub struct ContainerOptions {
    #[command(flatten)]
    pub common: Options,
    /// Make the locations that the lab does not have yet
    #[arg(long)]
    pub create_locations: bool,
    /// Make a code for each row without one, the same at every run of a list of this name, and write them to
    /// FILE.codes.csv
    #[arg(long)]
    pub make_codes: bool,
    /// Where the name is none of the names of the number's chemical, take the number, and keep the name in the note
    #[arg(long)]
    pub number_decides: bool,
}

/// What is wrong with the call itself, not with the file: it ends as a switch does that is not known.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);

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
    /// Where the codes that were made are.
    pub codes: Option<PathBuf>,
    /// Paths of the locations that were made.
    pub locations: Vec<String>,
    pub is_dry_run: bool,
    pub warnings: Vec<String>,
}

impl Report {
    /// 0 when every row went in, else 1. A call that is wrong itself ends with 2.
    pub fn exit_code(&self) -> ExitCode {
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        let Self { read, added, completed, unchanged, failed, .. } = self;
        for location in &self.locations {
            writeln!(f, "{} {location}", if self.is_dry_run { "would make location:" } else { "made location:" })?;
        }
        write!(f, "read {read}, added {added}, completed {completed}, unchanged {unchanged}, failed {failed}")?;
        if self.is_dry_run {
            write!(f, "\nThis was a dry run: nothing was changed.")?;
        }
        if let Some(path) = &self.codes {
            write!(f, "\nThe codes that were made are in {}, for the labels.", path.display())?;
        }
        match &self.corrections {
            Some(path) => {
                write!(f, "\nThe failed rows are in {}; correct them there and import that file.", path.display())
            }
            None => Ok(()),
        }
    }
}

/// Substances of a CSV file with a header, or of `PubChem`'s TSV without one, into the catalogue.
pub async fn load_chemicals(app: &App, file: &Path, options: &Options, names: Names) -> anyhow::Result<Report> {
    let text = read(file)?;
    let mut table = Table::open(&text, headings::SUBSTANCES, true, options)?;
    evidence::look_at_the_unknown(&mut table)?;
    // PubChem tells substances by structure and number; the names that people say, it gives to several.
    let names = Names { may_be_shared: names.may_be_shared || table.is_pubchem(), revive: options.revive, ..names };
    let mut substances = Substances::new(&table, Columns::of(&table, options.repair_cas)?, names);
    let host = &mut Terminal::new(app);
    let mut report = run::run(app, host, file, &table, &mut substances, options.dry_run).await?;
    report.warnings.extend(substances.warnings());
    Ok(report)
}

/// Bottles of a CSV file with a header into a lab. Places that the lab does not have are made only when asked for.
pub async fn load_containers(
    app: &App,
    file: &Path,
    lab: Uuid,
    options: &ContainerOptions,
    person: Option<&Phone>,
) -> anyhow::Result<Report> {
    let whom = person.map_or(Whom::Nobody, Whom::Called);
    run_containers(app, &mut Terminal::new(app), file, lab, options, whom).await
}

/// For whom bottles are imported.
#[derive(Debug, Clone, Copy)]
enum Whom<'p> {
    /// Nobody is signed in, and nobody was named.
    Nobody,
    /// The member of the lab who has this phone.
    Called(&'p Phone),
    /// They are imported with the rights and the keys that this person has.
    SignedIn(Uuid),
}

async fn run_containers<H: Host>(
    app: &App,
    host: &mut H,
    file: &Path,
    lab: Uuid,
    options: &ContainerOptions,
    whom: Whom<'_>,
) -> anyhow::Result<Report> {
    let text = read(file)?;
    let columns = headings::of_bottles(options.make_codes);
    let mut table = Table::open(&text, &columns, false, &options.common)?;
    evidence::look_at_the_unknown(&mut table)?;
    let read = Columns::of(&table, options.common.repair_cas)?;
    table.warnings.extend(amount_columns::warning(&table).filter(|_| read.has_counts()));
    let mut bottles = Bottles::for_lab(app, file, &table, lab, options, read, whom).await?;
    run::run(app, host, file, &table, &mut bottles, options.common.dry_run).await
}

fn read(file: &Path) -> anyhow::Result<String> {
    // Whoever reads it again for the corrections, or imports it once more, needs a file.
    let is_file = std::fs::metadata(file).map_or(true, |about| about.is_file());
    if file == Path::new("-") || file.starts_with("/dev") || !is_file {
        bail!(
            "{} is no file: save the list as one, and import that; the rows that fail are written beside it",
            file.display()
        );
    }
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    encoding::decode(bytes)
}
