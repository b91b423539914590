//! The commands of the one binary. Each is a few lines here and a module there.

use std::{path::PathBuf, process::ExitCode};

use chemstock::{
    base::{
        clock::Clock,
        tokens::{KeyKind, KeyRing},
    },
    catalogue::chemicals::Names,
    config::Config,
    doctor,
    exchange::imports,
    platform::{stdout, telemetry},
    router,
    serve::{self, stops},
};
use clap::{Parser, Subcommand};
use uuid::Uuid;

/// The system's allocator took a fifth of the time of a small request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API (the default)
    Serve,
    /// Bring the database up to date, and stop
    Migrate,
    /// Make the person with this phone an owner of the installation
    Owner { phone: String },
    /// Let this phone log in again, which wrong codes have locked
    Unlock { phone: String },
    /// List where strangers get no codes; stop sending there, or go on
    Stops {
        #[command(subcommand)]
        what: Option<Stops>,
    },
    /// Load chemicals or containers from a file
    Import {
        #[command(subcommand)]
        what: Import,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Signing keys
    Keys {
        #[command(subcommand)]
        what: Keys,
    },
    /// Look at everything that the server depends on, and say what is wrong and what to do
    Doctor {
        /// Send a test message to this phone, too; it costs what a message costs
        #[arg(long, value_name = "PHONE")]
        send: Option<String>,
    },
    /// Ask the server on this machine whether it is up; for a container's health check
    Health,
}

#[derive(Subcommand)]
enum Import {
    /// CSV with a header, or PubChem's TSV without one; docs/imports.md lists the columns.
    ///
    /// A row whose number and name are of two substances is refused; a column `decides` with `number` or `name` says
    /// which is right. Ends with 0 when every row went in, with 1 when some did not, with 2 when the call is wrong.
    Chemicals {
        file: PathBuf,
        #[command(flatten)]
        options: imports::Options,
        /// Where a row's name is none of the names of the entry that has its number, make it a synonym
        #[arg(long)]
        new_names: bool,
        /// Where a row's number is new, make it an entry of its own, also where another has its name or its EC number
        #[arg(long)]
        number_decides: bool,
    },
    /// CSV with a header; docs/imports.md lists the columns.
    ///
    /// A row whose number and name are of two substances is refused; a column `decides` with `number` or `name` says
    /// which is right. Ends with 0 when every row went in, with 1 when some did not, with 2 when the call is wrong.
    Containers {
        file: PathBuf,
        /// The lab that they stand in
        #[arg(long)]
        lab: Uuid,
        #[command(flatten)]
        options: imports::ContainerOptions,
        /// The phone of the person who has them imported; the ledger names them
        #[arg(long, value_name = "PHONE")]
        r#for: Option<String>,
    },
}

#[derive(Subcommand)]
enum Stops {
    /// Print each with its time and its figures (the default)
    List,
    /// Send no codes to strangers there: a country like DE, or numbers that begin with +49151123
    Set {
        prefix: String,
        /// Ends by itself after so many hours; else when it is lifted
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=8760))]
        hours: Option<u32>,
    },
    /// Send codes there again
    Lift { prefix: String },
}

#[derive(Subcommand)]
enum Keys {
    /// Print a new private key (PKCS#8 PEM) for `JWT_PRIVATE_KEYS`, and when it was made
    New {
        #[arg(long, value_enum, ignore_case = true, default_value = "EdDSA")]
        alg: KeyKind,
    },
    /// List the keys of `JWT_PRIVATE_KEYS` by their ids, and what each does
    List,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse().command.unwrap_or(Command::Serve)).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            if error.is::<imports::Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Openapi => {
            stdout::print(&format!("{}\n", router::document().to_pretty_json()?))?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Keys { what: Keys::New { alg } } => {
            stdout::print(&KeyRing::generate_file(alg, Clock::real().now()))?;
            return Ok(ExitCode::SUCCESS);
        }
        // It tells what is wrong with the configuration itself.
        Command::Doctor { send } => return Ok(doctor::run(Config::from_env_and_dotenv(), send.as_deref()).await),
        _ => {}
    }
    let config = Config::from_env_and_dotenv()?;
    if !matches!(command, Command::Serve) {
        telemetry::init_for_command(config.debug)?;
        config.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    }
    match command {
        Command::Serve => serve::run(config).await,
        Command::Migrate => serve::migrate(config).await,
        Command::Health => serve::check_health(&config).await,
        Command::Owner { phone } => serve::make_owner(config, &phone).await,
        Command::Unlock { phone } => serve::unlock(config, &phone).await,
        Command::Stops { what: None | Some(Stops::List) } => stops::list(config).await,
        Command::Stops { what: Some(Stops::Set { prefix, hours }) } => stops::set(config, &prefix, hours).await,
        Command::Stops { what: Some(Stops::Lift { prefix }) } => stops::lift(config, &prefix).await,
        Command::Import { what: Import::Chemicals { file, options, new_names, number_decides } } => {
            let names = Names { may_be_new: new_names, may_be_shared: number_decides, ..Names::default() };
            serve::import::chemicals(config, &file, &options, names).await
        }
        Command::Import { what: Import::Containers { file, lab, options, r#for } } => {
            serve::import::containers(config, &file, lab, &options, r#for.as_deref()).await
        }
        Command::Keys { what: Keys::List } => serve::list_keys(&config),
        Command::Openapi | Command::Doctor { .. } | Command::Keys { what: Keys::New { .. } } => {
            unreachable!("answered above")
        }
    }
}
