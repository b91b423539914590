//! The running product.

mod lanes;
