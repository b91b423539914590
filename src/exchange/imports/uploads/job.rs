//! The run of an uploaded list: the import that the command runs, in a folder of its own.

use std::{io, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::Connection as _;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    folder::Folder,
    host::{Codes, Halted, JobHost},
    import::Outcome as Came,
    store::{self, Begun, Beside},
};
use crate::{
    base::{
        error::{Error, Result},
        ids::RequestId,
    },
    exchange::imports::{Report, Whom, run_containers},
    journal::{self, Actor},
    platform::jobs::{Context, Halt, Job, Outcome},
};

/// Runs an uploaded list, or tries it without changing anything.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunImport {
    pub lab_id: Uuid,
    pub import_id: Uuid,
}

impl Job for RunImport {
    const KIND: &'static str = "import";
    /// Each has its list in memory, and reads it without a pause.
    const AT_ONCE: i32 = 2;
    const LONGEST: Duration = Duration::from_hours(2);

    /// In a thread where it may take its time: to read a long list is much work between two statements.
    async fn run(self, context: Context) -> std::result::Result<Outcome, Halt> {
        let (runtime, span) = (Handle::current(), tracing::Span::current());
        // The thread hears of it when nobody waits for it any more.
        let given_up = CancellationToken::new();
        let _guard = given_up.clone().drop_guard();
        let running = move || runtime.block_on(run(self, context, given_up).instrument(span));
        tokio::task::spawn_blocking(running).await.unwrap_or_else(|end| match end.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Halt::Failed(Error::Internal(anyhow::anyhow!("the import was ended")))),
        })
    }
}

async fn run(job: RunImport, context: Context, given_up: CancellationToken) -> std::result::Result<Outcome, Halt> {
    let mut db = context.app().db().await?;
    let begun = store::begin(&mut db, job.lab_id, job.import_id, context.id()).await?;
    // Another run has taken its place, or an earlier try has ended it.
    let Some(begun) = begun.filter(|begun| begun.outcome.is_none()) else { return Ok(Outcome::Done) };
    let beside = Beside { lab_id: job.lab_id, user_id: begun.created_by, list: begun.list.clone() };
    let files = store::files(&mut db, &beside).await?;
    let list = if begun.name == begun.list { None } else { store::find_list(&mut db, &beside).await? };
    store::touch(&mut db, &beside, context.app().clock.now()).await?;
    drop(db);
    let folder = Folder::new(&begun.name, &begun.list).map_err(anyhow::Error::from)?;
    let placed = place(&folder, &begun, &files, list.as_deref());
    placed.map_err(anyhow::Error::from)?;
    let codes = files.into_iter().find(|(name, _)| *name == folder.codes_name()).map(|(_, text)| text);
    let before = begun.done.as_ref().map(|done| done.0.clone()).unwrap_or_default();
    let mut host = JobHost {
        context: &context,
        given_up,
        folder: &folder,
        beside: &beside,
        import_id: job.import_id,
        is_dry_run: begun.is_dry_run,
        codes: Codes::Whole(codes.unwrap_or_default()),
        done: before.clone(),
        before,
        pending: None,
        rows: None,
    };
    match import(&mut host, &begun).await {
        Ok(report) => Ok(Outcome::With(json!({
            "import_id": job.import_id, "read": report.read, "added": report.added, "unchanged": report.unchanged,
            "failed": report.failed,
        }))),
        Err(cause) => {
            let refusal = Some(folder.told(&refusal(cause)?));
            end(&host, begun.created_by, &Came { report: None, refusal }).await?;
            Ok(Outcome::With(json!({ "import_id": job.import_id, "refused": true })))
        }
    }
}

fn place(folder: &Folder, begun: &Begun, files: &[store::File], list: Option<&[u8]>) -> io::Result<()> {
    for (name, content) in files {
        folder.put(name, content)?;
    }
    if let Some(list) = list {
        folder.put(&begun.list, list)?;
    }
    folder.put_list(&begun.content)
}

async fn import(host: &mut JobHost<'_>, begun: &Begun) -> anyhow::Result<Report> {
    let (context, folder) = (host.context, host.folder);
    let (lab_id, options) = (host.beside.lab_id, begun.options.for_run(begun.is_dry_run));
    let whom = Whom::SignedIn(begun.created_by);
    let report = run_containers(context.app(), host, &folder.file(), lab_id, &options, whom).await?;
    if begun.is_dry_run {
        let mut db = context.app().db().await?;
        let mut tx = db.begin().await?;
        host.finish(&mut tx, &report).await?;
        journal::commit(tx, actor(context, begun.created_by), []).await?;
    }
    Ok(report)
}

/// What keeps the list itself from being imported; anything else is tried again.
fn refusal(cause: anyhow::Error) -> std::result::Result<String, Halt> {
    if let Some(Halted(reason)) = cause.downcast_ref() {
        return Err(Halt::Asked(*reason));
    }
    if cause.chain().any(|it| it.downcast_ref::<io::Error>().is_some()) {
        return Err(Halt::Failed(Error::Internal(cause)));
    }
    match cause.downcast::<Error>() {
        Ok(Error::Forbidden(why)) => Ok(why.to_owned()),
        Ok(failure) => Err(Halt::Failed(failure)),
        Err(of_the_list) => Ok(format!("{of_the_list:#}")),
    }
}

async fn end(host: &JobHost<'_>, person: Uuid, outcome: &Came) -> Result<()> {
    let app = host.context.app();
    let mut db = app.db().await?;
    let mut tx = db.begin().await?;
    store::finish(&mut tx, host.key(), outcome, None, app.clock.now()).await?;
    journal::commit(tx, actor(host.context, person), []).await
}

fn actor(context: &Context, person: Uuid) -> Actor {
    Actor::import(RequestId::of_job(context.id()), Some(person), context.app().clock.now())
}
