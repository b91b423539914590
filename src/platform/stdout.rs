//! What a command is asked to print.

use std::io::{ErrorKind, Result, Write as _, stdout};

/// Whoever reads may have heard enough, as `head` does: then the rest is not wanted, and nothing went wrong.
pub fn print(text: &str) -> Result<()> {
    match stdout().write_all(text.as_bytes()).and_then(|()| stdout().flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
