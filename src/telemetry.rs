//! What the process tells about itself: log lines and metrics.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::{Config, Environment};

/// Seconds; the least is below a cached read, the most is the longest time-out.
const LATENCY_BUCKETS: [f64; 12] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// Starts logging for the rest of the process: for people in development, for machines in production. An error
/// when something else logs already.
pub fn init(config: &Config) -> anyhow::Result<()> {
    // The filter stands before the layer and not inside it: inside, it is asked again at every step of a request.
    tracing_subscriber::registry()
        .with(filter(config.debug))
        .with(lines(config.environment))
        .try_init()
        .context("logging was started twice")
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
        Environment::Development => fmt::layer().compact().boxed(),
        Environment::Production => fmt::layer().json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// The metrics of this process, as Prometheus reads them: `render` is the body of `/metrics`. There is one recorder
/// per process, so every caller shares it, tests included.
pub fn install() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(record).clone()
}

fn record() -> PrometheusHandle {
    let handle = PrometheusBuilder::new()
        .set_buckets(&LATENCY_BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .expect("nothing else in this process records metrics");
    // Histograms grow until somebody reads them; without a scraper that would be never. A thread, because a task
    // would end with the runtime of the first test.
    let upkeep = handle.clone();
    let run = move || {
        loop {
            thread::sleep(UPKEEP_PERIOD);
            upkeep.run_upkeep();
        }
    };
    if let Err(error) = thread::Builder::new().name("metrics-upkeep".to_owned()).spawn(run) {
        tracing::warn!(%error, "metrics are kept without upkeep");
    }
    handle
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

    #[test]
    fn metrics_are_installed_once_and_shared() {
        let (first, second) = (install(), install());
        metrics::counter!("telemetry_test_total").increment(3);
        metrics::histogram!("telemetry_test_seconds").record(0.003);
        assert!(first.render().contains("telemetry_test_total 3"));
        let shown = second.render();
        assert!(shown.contains("telemetry_test_seconds_bucket{le=\"0.005\"} 1"), "{shown}");
    }
}
