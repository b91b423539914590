//! The metrics of this process, as Prometheus reads them. Every counter is there from the start with a zero: a series
//! that begins with its first event hides that event from `rate()`, and an alert that divides by it never fires.

use std::{sync::OnceLock, thread, time::Duration};

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Seconds; the least is below a cached read, the most is the longest time-out.
const LATENCY_BUCKETS: [f64; 12] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const UPKEEP_PERIOD: Duration = Duration::from_secs(5);

/// A counter with its labels and all values that they have; [`PROVIDERS`] stands for those that are set up.
struct Counter(&'static str, &'static str, &'static [(&'static str, &'static [&'static str])]);

const PROVIDERS: &[&str] = &["{provider}"];
const ATTEMPTS: &[&str] = &[
    "accepted",
    "delivered",
    "number_refused",
    "consent_withdrawn",
    "blocked",
    "misconfigured",
    "try_later",
    "unknown",
];

#[rustfmt::skip]
const COUNTERS: &[Counter] = &[
    Counter("messages_total", "Attempts to send a message, by what the provider answered.", &[("provider", PROVIDERS), ("outcome", ATTEMPTS)]),
    Counter("messages_verified_total", "Codes that came back.", &[("provider", PROVIDERS)]),
    Counter("message_receipts_total", "What providers told of a message later.", &[("provider", PROVIDERS), ("outcome", &["sent", "delivered"])]),
    Counter("message_callbacks_total", "Webhooks of providers, by whether they were believed.", &[("provider", PROVIDERS), ("outcome", &["believed", "forged", "stale", "unreadable", "not_set_up", "away"])]),
    Counter("login_sending_stopped_total", "Times that sending of codes stopped.", &[("kind", &["budget", "block", "country"])]),
    Counter("login_events_dropped_total", "Login events that were not written, as too many came at once.", &[]),
    Counter("login_wrong_codes_total", "Wrong one-time codes.", &[]),
    Counter("login_locks_total", "Phones that were locked after too many wrong codes.", &[]),
    Counter("login_addresses_limited_total", "Requests refused because of their client address.", &[]),
    Counter("journal_numbered_total", "Lines of journal and ledger that were given their position.", &[]),
    Counter("app_check_total", "App Check tokens, by outcome.", &[("outcome", &["valid", "invalid", "missing"])]),
];

const GAUGES: &[(&str, &str)] = &[
    ("message_provider_paused", "1 while this instance skips a provider that fails."),
    ("message_budget_left", "What is left to spend on messages, in SMS_CURRENCY."),
    ("jobs_depth", "Jobs that are queued, running or failed for good."),
    ("jobs_oldest_seconds", "For how long the first job that is due has waited."),
    ("journal_oldest_seconds", "For how long the first line without a position has waited for it."),
    ("build_info", "1, with the version as a label."),
];

const HISTOGRAMS: &[(&str, &str)] = &[
    ("http_server_request_duration_seconds", "Time to answer a request."),
    ("message_provider_seconds", "Time until a provider answers."),
    ("journal_lag_seconds", "Time from the writing of a line until it has its position."),
    ("jobs_duration_seconds", "Time that a try of a job takes."),
];

/// There is one recorder per process, so every caller shares it, tests included.
pub fn install() -> PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(record).clone()
}

/// The body of `/metrics`.
pub fn render() -> String {
    install().render()
}

/// Gives every series whose labels are known its zero.
pub fn begin(providers: &[&'static str], steps: impl Iterator<Item = &'static str>) {
    install();
    for Counter(name, _, labels) in COUNTERS {
        for labels in combinations(labels, providers) {
            counter!(*name, &labels).absolute(0);
        }
    }
    for step in steps {
        counter!("worker_step_failures_total", "step" => step).absolute(0);
    }
    for provider in providers {
        gauge!("message_provider_paused", "provider" => *provider).set(0);
    }
    gauge!("journal_oldest_seconds").set(0);
    gauge!("build_info", "version" => env!("CARGO_PKG_VERSION")).set(1);
}

type Label = (&'static str, &'static str);

fn combinations(labels: &[(&'static str, &'static [&'static str])], providers: &[&'static str]) -> Vec<Vec<Label>> {
    labels.iter().fold(vec![Vec::new()], |combinations, (name, values)| {
        let values = if *values == PROVIDERS { providers } else { values };
        let with_each =
            |labels: Vec<Label>| values.iter().map(move |value| [labels.as_slice(), &[(*name, *value)]].concat());
        combinations.into_iter().flat_map(with_each).collect()
    })
}

fn record() -> PrometheusHandle {
    let handle = PrometheusBuilder::new()
        .set_buckets(&LATENCY_BUCKETS)
        .and_then(PrometheusBuilder::install_recorder)
        .expect("nothing else in this process records metrics");
    describe();
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

fn describe() {
    for Counter(name, help, _) in COUNTERS {
        describe_counter!(*name, *help);
    }
    describe_counter!("jobs_failures_total", "Tries of jobs that failed, panicked or were lost.");
    describe_counter!("worker_step_failures_total", "Failures and panics of work in the background.");
    for (name, help) in GAUGES {
        describe_gauge!(*name, *help);
    }
    for (name, help) in HISTOGRAMS {
        describe_histogram!(*name, *help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_installed_once_and_shared() {
        let (first, second) = (install(), install());
        counter!("telemetry_test_total").increment(3);
        metrics::histogram!("telemetry_test_seconds").record(0.003);
        assert!(first.render().contains("telemetry_test_total 3"));
        let shown = second.render();
        assert!(shown.contains("telemetry_test_seconds_bucket{le=\"0.005\"} 1"), "{shown}");
    }

    #[test]
    fn counters_begin_with_zero_and_keep_what_was_counted_before() {
        install();
        counter!("messages_verified_total", "provider" => "early").increment(2);
        begin(&["early", "late"], ["sweep"].into_iter());
        let shown = render();
        for line in [
            "messages_verified_total{provider=\"early\"} 2",
            "messages_verified_total{provider=\"late\"} 0",
            "messages_total{provider=\"late\",outcome=\"accepted\"} 0",
            "worker_step_failures_total{step=\"sweep\"} 0",
            "login_locks_total 0",
            "# HELP messages_verified_total Codes that came back.",
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
        }
    }
}
