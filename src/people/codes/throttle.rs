//! How often one client address may ask for codes, guess them, and bring ID tokens, whichever phones it names. Requests
//! are counted before the phone's own limits are, and given back when those refuse: nothing was sent then. Of IPv6 the
//! networks around an address are counted as well.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::challenge::{Admission, Take, Window, challenges};
use crate::{
    base::{
        address::ClientAddress,
        error::{Error, Result},
        ids,
        phone::Phone,
    },
    people::audit::{self, EventKind, LoginEvent, Trace},
    platform::app::App,
};

const HOUR: TimeDelta = TimeDelta::hours(1);
const DAY: TimeDelta = TimeDelta::days(1);

/// One that was counted.
pub struct Ticket {
    /// Of each network in which it was.
    keys: Vec<[u8; 32]>,
    id: Uuid,
}

impl Ticket {
    /// What it was for did not happen.
    pub async fn give_back(self, app: &App) {
        // Lost, it only makes the limit stricter.
        for key in self.keys {
            if let Err(cause) = challenges(app).give_back(key, self.id).await {
                tracing::debug!(%cause, "a count was not given back");
            }
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
    let mut ticket = Ticket { keys: Vec::new(), id: ids::new(now) };
    count(app, &mut ticket, key, [(2 * otp.per_hour, HOUR), (2 * otp.per_day, DAY)], now).await?;
    Ok(ticket)
}

async fn take(
    app: &App,
    from: ClientAddress,
    kind: EventKind,
    windows: [(u32, TimeDelta); 2],
    now: DateTime<Utc>,
) -> Result<Ticket> {
    let mut ticket = Ticket { keys: Vec::new(), id: ids::new(now) };
    for network in from.networks() {
        let key = app.secret.mac("client address", &[kind.as_str().as_bytes(), network.net.to_string().as_bytes()]);
        let windows = windows.map(|(most, length)| (network.allowance(most), length));
        let Err(refused) = count(app, &mut ticket, key, windows, now).await else { continue };
        if matches!(refused, Error::RateLimited { .. }) {
            metrics::counter!("login_addresses_limited_total").increment(1);
            let event = LoginEvent::new(now, kind, "limited", &Trace::of_address(from));
            audit::note(app, event.detail("address"));
        }
        ticket.give_back(app).await;
        return Err(refused);
    }
    Ok(ticket)
}

async fn count(
    app: &App,
    ticket: &mut Ticket,
    key: [u8; 32],
    windows: [(u32, TimeDelta); 2],
    now: DateTime<Utc>,
) -> Result<()> {
    let windows = windows.map(|(most, length)| Window { most: most as usize, length });
    match challenges(app).take(Take { key, id: ticket.id, windows, now }).await? {
        Admission::Admitted { .. } => {
            ticket.keys.push(key);
            Ok(())
        }
        Admission::Refused { retry_after } => Err(Error::RateLimited { retry_after }),
    }
}
