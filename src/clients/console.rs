//! The terminal as the phone of development: prints what would be sent. Never in production (`config` sees to that).

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

#[derive(Clone)]
pub struct Console(Arc<Mutex<dyn Write + Send>>);

impl Console {
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(out)))
    }

    pub fn terminal() -> Self {
        Self::new(std::io::stdout())
    }

    pub fn send(&self, recipient: &str, text: &str) -> std::io::Result<()> {
        self.line(&format!("message to {recipient}: {text}"))
    }

    /// A remark to the developer.
    pub fn note(&self, text: &str) -> std::io::Result<()> {
        self.line(&format!("note: {text}"))
    }

    fn line(&self, line: &str) -> std::io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(out, "{line}")?;
        out.flush()
    }
}
