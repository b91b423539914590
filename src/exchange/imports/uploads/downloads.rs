//! What a run has written, read part by part while it is sent.

use futures_util::{Stream, stream};
use uuid::Uuid;

use super::{
    find,
    store::{self, Beside, Stored},
};
use crate::{
    auth::{Auth, Manager},
    base::error::{Error, Result},
};

/// Bytes that are read at a time.
const PART: i32 = 256 * 1024;

/// What a browser saves it as.
pub struct Named<S> {
    pub name: String,
    pub parts: S,
}

const NO_CORRECTIONS: Error =
    Error::NotFound("file of corrections (the last run has not ended, or it refused no row of the list)");
const NO_CODES: Error =
    Error::NotFound("file of codes (the last run has not ended, or it brought no row whose code was made)");

/// The rows that the last run refused.
pub async fn corrections(
    by: Auth<Manager>,
    id: Uuid,
) -> Result<Named<impl Stream<Item = Result<Vec<u8>>> + Send + 'static>> {
    let import = find(&by, id).await?;
    if !reported(&import, |report| report.has_corrections) {
        return Err(NO_CORRECTIONS);
    }
    let parts = stream::try_unfold(Some((by, 0)), move |next| async move {
        let Some((by, from)) = next else { return Ok(None) };
        let part = store::corrections_part(&mut *by.reports().await?, by.lab_id(), id, from, PART).await?;
        let part = part.ok_or(NO_CORRECTIONS)?;
        let read = i32::try_from(part.len()).unwrap_or(i32::MAX);
        Ok(Some((part, (read == PART).then_some((by, from.saturating_add(read))))))
    });
    Ok(Named { name: format!("{}.corrections.csv", import.name), parts })
}

/// The rows that are in with codes that were made for them, also of earlier runs of the list.
pub async fn codes(by: Auth<Manager>, id: Uuid) -> Result<Named<impl Stream<Item = Result<Vec<u8>>> + Send + 'static>> {
    let import = find(&by, id).await?;
    if !reported(&import, |report| report.has_codes) {
        return Err(NO_CODES);
    }
    let beside = Beside { lab_id: by.lab_id(), user_id: import.created_by, list: import.list };
    let name = format!("{}.codes.csv", beside.list);
    let file = name.clone();
    let parts = stream::try_unfold(Some((by, 0)), move |next| {
        let (beside, file) = (beside.clone(), file.clone());
        async move {
            let Some((by, from)) = next else { return Ok(None) };
            let part = store::part(&mut *by.reports().await?, &beside, &file, from).await?;
            Ok(part.map(|part| (part.content, (!part.is_last).then_some((by, part.at + 1)))))
        }
    });
    Ok(Named { name, parts })
}

fn reported(import: &Stored, has: impl Fn(&super::import::ImportReport) -> bool) -> bool {
    import.outcome().and_then(|outcome| outcome.report.as_ref()).is_some_and(has)
}
