//! What a panic says.

use std::any::Any;

/// The text that it was raised with, for the log.
pub fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("not a text")
}
