//! What the process says to its log, heard by one test: all of a test runs on its own thread.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use tracing::{
    Dispatch, Subscriber,
    level_filters::LevelFilter,
    subscriber::{DefaultGuard, NoSubscriber},
};

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

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Of all that this thread says from now on, at the finest level.
    pub fn start() -> (Self, Hearing) {
        let log = Self::default();
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

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}
