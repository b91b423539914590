//! The journal: one line for each change that a user can see. This part reads the lines: the notary gives them their
//! order and their hashes, `verify` recomputes those, `audit` shows them.

pub mod audit;
mod canonical;
mod http;
mod lines;
pub mod notary;
mod verify;

use uuid::Uuid;

pub use self::http::routes;

/// Stands for the lab of lines that belong to none.
const INSTALLATION: Uuid = Uuid::nil();
