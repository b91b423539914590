//! Pure chemistry: values that parse themselves, no I/O.
