//! What the process says to its log, heard by one test: all of a test runs on its own thread.

use tracing::{
    Dispatch, Subscriber,
    level_filters::LevelFilter,
    subscriber::{DefaultGuard, NoSubscriber},
};

use super::Written;

/// As long as it lives, its thread is heard.
pub struct Hearing {
    _here: DefaultGuard,
    /// While there is but one subscriber, tracing asks only the thread that comes first by a place in the code whether
    /// anybody listens to that place, and remembers it for all. With a second one it asks every subscriber.
    _second: Dispatch,
}

pub fn hear(subscriber: impl Subscriber + Send + Sync + 'static) -> Hearing {
    let second = Dispatch::new(NoSubscriber::new());
    Hearing { _here: tracing::subscriber::set_default(subscriber), _second: second }
}

/// Of all that this thread says from now on, at the finest level.
pub fn start() -> (Written, Hearing) {
    let log = Written::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        // A fraction of a second has as many digits as a code.
        .without_time()
        .with_writer(move || writer.clone())
        .finish();
    (log, hear(subscriber))
}
