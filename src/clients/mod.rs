//! One thin file for each outside party. They know their wire format and nothing of ours.

pub mod console;
pub mod firebase;
pub mod redis;
