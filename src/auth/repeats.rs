//! What a repeat of a request by its Idempotency-Key makes the same as the first try.

use uuid::Uuid;

use super::Auth;
use crate::base::{
    error::{Error, Result},
    ids::{self, OwnId, Seed},
    secrets,
};

impl<R> Auth<R> {
    /// The same in every try of one request.
    pub fn nonce(&self) -> [u8; 16] {
        self.seed.as_ref().map_or_else(secrets::random, Seed::nonce)
    }

    /// Whether a repeat of this request makes the same ids.
    pub fn is_repeatable(&self) -> bool {
        self.seed.is_some()
    }

    /// The id of a thing that is about to be made: the client's, or a new one.
    pub fn id_or_new(&self, given: Option<OwnId>) -> Result<Uuid> {
        let given = given.map_or(Ok(None), |id| id.given(self.now())).map_err(|why| Error::field("/id", why))?;
        Ok(given.unwrap_or_else(|| self.new_id()))
    }

    /// The refusal to make a thing, where the first try of this request may have made it. Any other error stays one.
    pub fn or_made(&self, given: Option<OwnId>, error: Error) -> Result<Error> {
        let is_repeatable = self.is_repeatable() || given.is_some_and(OwnId::is_given);
        if is_repeatable && matches!(error, Error::Rejected(_) | Error::Invalid(_)) { Ok(error) } else { Err(error) }
    }

    pub fn new_id(&self) -> Uuid {
        self.seed.as_ref().map_or_else(|| ids::new(self.now()), Seed::next_id)
    }
}
