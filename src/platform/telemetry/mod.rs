//! What the process tells about itself: log lines, metrics, and traces where somebody collects them.

mod metrics;
pub mod traces;

use std::io::IsTerminal as _;

use anyhow::Context;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

pub use self::metrics::{begin, install, render};
use self::traces::Traces;
use crate::config::{Config, Environment};

/// Starts logging for the rest of the process: for people in development, for machines in production. What it gives
/// back sends traces until it is dropped. An error when something else logs already.
pub fn init(config: &Config) -> anyhow::Result<Option<Traces>> {
    let traces = config.otlp_endpoint.as_deref().map(Traces::to).transpose()?;
    // The filter stands before the layers and not inside one: inside, it is asked again at every step of a request.
    tracing_subscriber::registry()
        .with(filter(config.debug))
        .with(lines(config.environment))
        .with(traces.as_ref().map(|traces| tracing_opentelemetry::layer().with_tracer(traces.tracer())))
        .try_init()
        .context("logging was started twice")?;
    Ok(traces)
}

/// For the commands beside `serve`: lines for people, beside what the command itself prints.
pub fn init_for_command(debug: bool) -> anyhow::Result<()> {
    let lines = fmt::layer().compact().with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(filter(debug)).with(lines).try_init().context("logging was started twice")
}

/// Not `RUST_LOG`: the configuration has one reader, and a stray variable must not make production log statements.
fn filter(debug: bool) -> Targets {
    let ours = if debug { Level::DEBUG } else { Level::INFO };
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("chemstock", ours)
        .with_target("tower_http", ours)
        // Its slow-statement lines are warnings; the rest repeats every query.
        .with_target("sqlx", Level::WARN)
        // The embedded Postgres and its WebAssembly runtime talk a lot about themselves.
        .with_target("oliphaunt_wasix", Level::WARN)
        .with_target("wasmer", Level::WARN)
        .with_target("cranelift", Level::WARN)
}

fn lines(environment: Environment) -> Box<dyn Layer<Layered<Targets, Registry>> + Send + Sync> {
    match environment {
        // Colours are for terminals, not for files.
        Environment::Development => fmt::layer().compact().with_ansi(std::io::stdout().is_terminal()).boxed(),
        Environment::Production => fmt::layer().json().flatten_event(true).with_span_list(false).boxed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_for_our_own_lines_and_requests_only() {
        let quiet = filter(false);
        assert!(quiet.would_enable("chemstock::login", &Level::INFO));
        assert!(!quiet.would_enable("chemstock::login", &Level::DEBUG));
        let verbose = filter(true);
        assert!(verbose.would_enable("chemstock::login", &Level::DEBUG));
        assert!(verbose.would_enable("tower_http::trace", &Level::DEBUG));
        assert!(!verbose.would_enable("hyper_util::client", &Level::DEBUG));
        for filter in [quiet, verbose] {
            assert!(filter.would_enable("sqlx::query", &Level::WARN));
            assert!(!filter.would_enable("sqlx::query", &Level::INFO));
        }
    }
}
