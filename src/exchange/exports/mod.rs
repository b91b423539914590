//! What a lab has, as files that our imports read again. They are written page by page while they are read: nothing
//! holds a whole lab in memory.

mod http;

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use chrono::NaiveDate;
use futures_util::{Stream, stream};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};
use uuid::Uuid;

pub use self::http::routes;
use super::escape::escaped;
use crate::{
    auth::{Auth, Viewer},
    base::{
        error::{Error, Result},
        page::Limit,
    },
    stock::{
        containers::{self, Container, ContainerFilter},
        locations,
    },
};

/// As our import calls them. A file with just these is one of ours, whose cells are escaped.
pub const CONTAINERS: [&str; 16] = [
    "code",
    "chemical",
    "cas",
    "amount",
    "unit",
    "location",
    "status",
    "lot",
    "supplier",
    "catalogue number",
    "tare",
    "tare unit",
    "received",
    "opened",
    "expires",
    "note",
];

/// What the reader may see is asked again so often.
const LOOKS_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The bottles that a list with this filter has, in its order, as CSV. Whoever reads none of many keeps only themselves
/// from more.
pub async fn containers(
    by: Auth<Viewer>,
    filter: ContainerFilter,
) -> Result<impl Stream<Item = Result<Vec<u8>>> + Send + use<>> {
    let filter = ContainerFilter { limit: Limit::OF_REPORT, cursor: None, ..filter };
    let turn = by.turn_of_export().await?;
    let begun = Export { by, filter, is_begun: false, looked_at: Instant::now(), _turn: turn };
    Ok(stream::try_unfold(Some(begun), async |export| {
        let Some(export) = export else { return Ok(None) };
        export.part().await.map(Some)
    }))
}

struct Export {
    by: Auth<Viewer>,
    filter: ContainerFilter,
    is_begun: bool,
    looked_at: Instant,
    _turn: OwnedSemaphorePermit,
}

impl Export {
    /// The next part, and what is left to write.
    async fn part(mut self) -> Result<(Vec<u8>, Option<Self>)> {
        self.look_again().await?;
        let page = containers::page_of_report(&self.by, &self.filter).await?;
        let places: BTreeSet<_> = page.items.iter().filter_map(|it| it.location_id).collect();
        let paths = locations::paths(&self.by, &Vec::from_iter(places)).await?;
        let mut rows = Vec::with_capacity(page.items.len() + 1);
        if !self.is_begun {
            rows.push(CONTAINERS.map(str::to_owned));
            self.is_begun = true;
        }
        rows.extend(page.items.iter().map(|bottle| cells(bottle, &paths)));
        let part = written(&rows).map_err(Error::Internal)?;
        let Some(next) = page.next_cursor else { return Ok((part, None)) };
        self.filter.cursor = serde_json::from_value(next.into()).map_err(|cause| Error::Internal(cause.into()))?;
        Ok((part, Some(self)))
    }

    /// A long answer outlives a session, a membership and a key.
    async fn look_again(&mut self) -> Result<()> {
        if self.looked_at.elapsed() < LOOKS_AGAIN_AFTER {
            return Ok(());
        }
        self.looked_at = Instant::now();
        if self.by.look_again().await? && self.by.role_in(self.by.lab_id()).is_some() {
            return Ok(());
        }
        Err(Error::Forbidden("the right to read the lab has ended"))
    }
}

fn written(rows: &[[String; CONTAINERS.len()]]) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.iter().map(|cell| escaped(cell).into_owned()))?;
    }
    Ok(writer.into_inner()?)
}

fn cells(bottle: &Container, paths: &HashMap<Uuid, String>) -> [String; CONTAINERS.len()] {
    let chemical = &bottle.chemical;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let (tare, tare_unit) = bottle.tare.map(|it| (it.value.get().to_string(), it.unit.to_string())).unwrap_or_default();
    [
        bottle.code.clone(),
        // The name that every lab knows it by.
        chemical.catalogue_name.as_ref().unwrap_or(&chemical.name).clone(),
        chemical.cas.as_ref().map(ToString::to_string).unwrap_or_default(),
        bottle.amount.value.get().to_string(),
        bottle.amount.unit.to_string(),
        bottle.location_id.and_then(|id| paths.get(&id)).cloned().unwrap_or_default(),
        bottle.state.as_str().to_owned(),
        text(&bottle.lot),
        text(&bottle.supplier),
        text(&bottle.catalogue_number),
        tare,
        tare_unit,
        day(bottle.received_on),
        day(bottle.opened_on),
        day(bottle.expires_on),
        text(&bottle.note),
    ]
}
