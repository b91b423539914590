//! Resources that count their changes.

/// A resource that counts its changes.
pub trait Versioned {
    fn version(&self) -> i32;
}

impl<T: Versioned> Versioned for std::sync::Arc<T> {
    fn version(&self) -> i32 {
        (**self).version()
    }
}
