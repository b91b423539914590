//! How often one client address may ask for codes, guess them, and bring ID tokens, whichever phones it names. Requests
//! are counted before the phone's own limits are, and given back when those refuse: nothing was sent then.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    audit::{self, EventKind, LoginEvent, Trace},
    challenge::{Admission, Take, Window, challenges},
};
use crate::{
    app::App,
    error::{Error, Result},
    ids,
    phone::Phone,
    web::ClientAddress,
};

const HOUR: TimeDelta = TimeDelta::hours(1);
const DAY: TimeDelta = TimeDelta::days(1);

/// One that was counted.
pub struct Ticket {
    key: [u8; 32],
    id: Uuid,
}

impl Ticket {
    /// What it was for did not happen.
    pub async fn give_back(self, app: &App) {
        // Lost, it only makes the limit stricter.
        if let Err(cause) = challenges(app).give_back(self.key, self.id).await {
            tracing::debug!(%cause, "a count was not given back");
        }
    }
}

pub async fn request(app: &App, from: ClientAddress, now: DateTime<Utc>) -> Result<Ticket> {
    let limits = &app.config.otp.address;
    let windows = [(limits.requests_per_hour, HOUR), (limits.requests_per_day, DAY)];
    take(app, from, EventKind::CodeRequested, windows, now).await
}

/// Every guess counts, also one that cannot be a code.
pub async fn guess(app: &App, from: ClientAddress, now: DateTime<Utc>) -> Result<()> {
    let hourly = (app.config.otp.address.verifications_per_hour, HOUR);
    take(app, from, EventKind::CodeGuessed, [hourly, hourly], now).await.map(drop)
}

/// Every ID token counts, before anybody looks at it: as many as guesses, and beside them.
pub async fn id_token(app: &App, from: ClientAddress, now: DateTime<Utc>) -> Result<()> {
    let hourly = (app.config.otp.address.verifications_per_hour, HOUR);
    take(app, from, EventKind::LoggedIn, [hourly, hourly], now).await.map(drop)
}

/// All devices of a phone together: whoever logs in again and again gets more of them, and each has limits of its own.
pub async fn devices(app: &App, phone: &Phone, now: DateTime<Utc>) -> Result<Ticket> {
    let otp = &app.config.otp;
    let key = app.secret.mac("all devices", &[phone.as_str().as_bytes()]);
    count(app, key, [(2 * otp.per_hour, HOUR), (2 * otp.per_day, DAY)], now).await
}

async fn take(
    app: &App,
    from: ClientAddress,
    kind: EventKind,
    windows: [(u32, TimeDelta); 2],
    now: DateTime<Utc>,
) -> Result<Ticket> {
    let network = from.network().to_string();
    let key = app.secret.mac("client address", &[kind.as_str().as_bytes(), network.as_bytes()]);
    let taken = count(app, key, windows, now).await;
    if matches!(taken, Err(Error::RateLimited { .. })) {
        metrics::counter!("login_addresses_limited_total").increment(1);
        let event = LoginEvent::new(now, kind, "limited", &Trace::of_address(from));
        audit::note(app, event.detail("address"));
    }
    taken
}

async fn count(app: &App, key: [u8; 32], windows: [(u32, TimeDelta); 2], now: DateTime<Utc>) -> Result<Ticket> {
    let id = ids::new(now);
    let windows = windows.map(|(most, length)| Window { most: most as usize, length });
    match challenges(app).take(Take { key, id, windows, now }).await? {
        Admission::Admitted { .. } => Ok(Ticket { key, id }),
        Admission::Refused { retry_after } => Err(Error::RateLimited { retry_after }),
    }
}
