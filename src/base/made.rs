//! What becomes of a request to make something.

/// A resource that was to be made.
pub struct Made<T> {
    pub resource: T,
    /// False when it was there before; where the same was sent before under its id, nothing happened this time.
    pub is_new: bool,
}

impl<T> Made<T> {
    pub fn new(resource: T) -> Self {
        Self { resource, is_new: true }
    }
}
