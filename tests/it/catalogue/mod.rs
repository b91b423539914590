//! What there is in the world, for all labs.

pub mod chemicals;
