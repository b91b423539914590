//! One-time codes: who gets one, and how it is kept. The rules follow NIST SP 800-63B-4
//! section 3.1.3.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    challenge::{Admission, NewChallenge, Window, challenges, new_id},
    channels, device, failures,
    holder::{self, Aim, Holder},
    sending::{self, Account, Code, Outlook, Standing, Tally},
    throttle,
    withheld::{self, Withheld},
};
use crate::{
    base::{
        address::ClientAddress,
        error::{Error, Result},
        language::AcceptLanguage,
        quota::{Quota, Quotas},
        secrets::uniform_digits,
        text::Name,
    },
    messages::{self, Channel, NewMessage},
    people::{
        audit::{self, EventKind, LoginEvent, Trace},
        labs, users,
    },
    platform::app::App,
};

/// Who wants a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// In E.164 form, or as it is dialled in the country of the installation.
    #[schema(example = "+12025550123", max_length = 32)]
    pub phone: String,
    /// How the code is to come; unless said, `sms`, or `whatsapp` where there is no SMS. `email` is for an account that
    /// has proven a mailbox, where e-mail is set up, and what such a login may do is less: it changes neither phone nor
    /// mailbox.
    pub channel: Option<Channel>,
    /// The code of an invitation. It is redeemed when the code that is sent comes back; not with one by e-mail.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub invitation: Option<Name>,
    /// From this device's last login with this phone. Without it, or with another, the request is one of a stranger.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub device_token: Option<Name>,
}

/// A code is on its way, or so it looks to everybody.
#[derive(Serialize, ToSchema)]
pub struct CodeRequested {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    pub channel: Channel,
    #[schema(example = 6)]
    pub code_length: u8,
    pub expires_at: DateTime<Utc>,
    /// When another code may be asked for. It voids this one.
    pub resend_at: DateTime<Utc>,
    /// True while codes go only to people with an account or an invitation, as hardly any of those sent to numbers like
    /// this one come back. Everybody with such a number is told so. Who is new asks an admin of a lab for an invitation
    /// and sends its code along, or comes back in a day.
    pub known_people_only: bool,
}

/// With what is for its holder alone.
pub struct Requested {
    pub answer: CodeRequested,
    /// Only for a device that is known: the phone's own would tell anybody how many codes others have asked for.
    pub quotas: Option<Quotas>,
}

pub async fn request(
    app: &App,
    asked: CodeRequest,
    from: ClientAddress,
    language: AcceptLanguage,
) -> Result<Requested> {
    let phone = holder::acceptable_phone(app, &asked.phone)?;
    let channel = channels::choose(app, asked.channel)?;
    if channel == Channel::Email && asked.invitation.is_some() {
        return Err(Error::field("/invitation", "is redeemed with a code to the phone; choose another channel"));
    }
    let device =
        asked.device_token.as_ref().and_then(|token| device::recognize(app, &phone, token.as_str(), app.clock.now()));
    let holder = Holder { device, ..Holder::new(phone, channel, Aim::Login) };
    send_within_limits(app, holder, asked.invitation.as_ref(), from, language).await
}

pub async fn send_within_limits(
    app: &App,
    holder: Holder,
    invitation: Option<&Name>,
    from: ClientAddress,
    language: AcceptLanguage,
) -> Result<Requested> {
    let phone = holder.phone.clone();
    let requested = admit_and_send(app, holder, invitation, from, language).await;
    if let Err(refused) = &requested {
        withheld::remark_refusal(app, &phone, refused);
    }
    requested
}

async fn admit_and_send(
    app: &App,
    holder: Holder,
    invitation: Option<&Name>,
    from: ClientAddress,
    language: AcceptLanguage,
) -> Result<Requested> {
    let now = app.clock.now();
    // A known device has limits of its own, so that the neighbours behind its address do not hold it up.
    let ticket = if holder.device.is_none() {
        throttle::request(app, from, now).await?
    } else {
        throttle::devices(app, &holder.phone, now).await?
    };
    let trace = holder.trace(app, from);
    let requested = send(app, holder, invitation, language, &trace, now).await;
    if matches!(requested, Err(Error::RateLimited { .. })) {
        audit::note(app, LoginEvent::new(now, EventKind::CodeRequested, "limited", &trace));
    }
    if requested.is_err() {
        ticket.give_back(app).await;
    }
    requested
}

/// Three statements, whoever has the phone: what is known of it, the invitation (for a login), and the message.
async fn send(
    app: &App,
    mut holder: Holder,
    invitation: Option<&Name>,
    language: AcceptLanguage,
    trace: &Trace,
    now: DateTime<Utc>,
) -> Result<Requested> {
    let (bucket, tally) = (holder.bucket(app), Tally::of(&holder.phone, now));
    let by_email = holder.channel == Channel::Email;
    let mut db = app.db().await?;
    let outlook = sending::look(&mut db, app, &holder, &tally, now).await?;
    if holder.aim == Aim::Login {
        let found = labs::find_invitation(&mut db, invitation.map(Name::as_str), &holder.phone, now).await?;
        (holder.invitation, holder.mailbox) =
            if by_email { (None, outlook.known.email.clone()) } else { (found, None) };
    }
    let standing = standing(app, &holder, &outlook);
    sending::check(&mut db, app, &holder, &outlook, standing, now).await?;
    drop(db);
    // A fixed code stands for a phone that nobody has, and proves no mailbox.
    let fixed_code = app.config.test_phones.code(holder.phone.as_str(), now).filter(|_| !by_email);
    // What is asked of the database, and what is answered, is the same whatever this says.
    let withheld = Withheld::of(app, &holder, &outlook, standing, fixed_code.is_some(), invitation.is_some());
    let code = fixed_code.map_or_else(|| uniform_digits(app.config.otp.length.into()), str::to_owned);
    let new = new_challenge(app, &holder, &code, &outlook, now)?;
    let (challenge_id, expires_at, windows) = (new.id, new.expires_at, new.windows);
    let (resend_at, left) = match challenges(app).admit(new).await? {
        Admission::Admitted { next_at, left } => (next_at, left),
        Admission::Refused { retry_after } => return Err(Error::RateLimited { retry_after }),
    };
    let message = NewMessage {
        challenge_id: Some(challenge_id),
        recipient: holder.recipient(),
        content: holder.letter(app, code, outlook.known.language.or(language.0).unwrap_or_default()),
        expires_at,
        withheld: withheld.map(|why| why.remark(&holder.phone)),
    };
    let event = LoginEvent::new(now, EventKind::CodeRequested, withheld.map_or("sent", |_| "suppressed"), trace);
    let event = LoginEvent { detail: withheld.map(|why| why.why().to_owned()), user_id: holder.aim.user_id(), ..event };
    let message = messages::seal(app, message);
    let (phone, bucket, tally, outlook) = (&holder.phone, &bucket, &tally, &outlook);
    let known_people_only = outlook.is_stopped && holder.aim == Aim::Login && !by_email;
    let code = Code { message, phone, bucket, tally, outlook, standing, event };
    sending::queue(&mut *app.db().await?, app, code, now).await?;
    messages::ring(app);
    let code_length = app.config.otp.length;
    let answer =
        CodeRequested { challenge_id, channel: holder.channel, code_length, expires_at, resend_at, known_people_only };
    Ok(Requested { answer, quotas: holder.device.map(|_| quotas(&windows, left)) })
}

/// Whoever was invited, by phone or by a code that is good, is no stranger, nor is who is logged in.
fn standing(app: &App, holder: &Holder, outlook: &Outlook) -> Standing {
    let known = &outlook.known;
    let is_known = known.account == Account::Good || holder.aim.user_id().is_some() || holder.invitation.is_some();
    match (known.account, users::ownership(app, Some(&holder.phone))) {
        (Account::Good, _) if known.is_owner => Standing::Owner,
        (Account::None, users::Ownership::Yes) => Standing::Owner,
        (_, users::Ownership::IfFirst) if !is_known && known.nobody_yet => Standing::First,
        _ if is_known => Standing::Known,
        _ => Standing::Stranger,
    }
}

fn quotas(windows: &[Window; 3], left: [u32; 3]) -> Quotas {
    let names = ["otp-resend", "otp-hour", "otp-day"];
    let all = names.into_iter().zip(windows).zip(left);
    let quota = |((name, window), left): ((&'static str, &Window), u32)| Quota {
        name,
        most: window.most,
        seconds: window.length.num_seconds(),
        left,
    };
    Quotas(all.map(quota).collect())
}

fn new_challenge(
    app: &App,
    holder: &Holder,
    code: &str,
    outlook: &Outlook,
    now: DateTime<Utc>,
) -> Result<NewChallenge> {
    let otp = &app.config.otp;
    let span = |seconds: u64| TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000));
    let window = |most: u32, seconds| Window { most: most as usize, length: span(seconds) };
    let limits_key = holder.limits_key(app);
    let id = new_id(&limits_key, now);
    Ok(NewChallenge {
        id,
        purpose: holder.aim.purpose(),
        phone_key: limits_key,
        mac: holder.code_mac(app, id, code),
        sealed: holder.seal(app, id)?,
        guesses: failures::guesses(otp.max_guesses, outlook.known.in_a_row),
        now,
        expires_at: now + span(otp.ttl.as_secs()),
        windows: [window(1, otp.resend.as_secs()), window(otp.per_hour, 3600), window(otp.per_day, 86_400)],
        not_before: failures::not_before(outlook.known.blocked_until, now),
    })
}
