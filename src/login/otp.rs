//! One-time codes: who gets one, how it is kept, and what it takes to be believed. The rules follow NIST SP 800-63B-4
//! section 3.1.3.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    challenge::{Admission, Guess, NewChallenge, Purpose, Verdict, Window, challenges},
    sessions::TokenPair,
    sign_in::{self, Proven},
};
use crate::{
    app::App,
    config::SignUp,
    error::{Error, Reason, Result},
    ids, labs,
    messages::{self, Channel, NewMessage},
    phone::Phone,
    secrets::uniform_digits,
    text::Name,
    users,
};

/// Who wants a code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRequest {
    /// In E.164 form, or as it is dialled in the country of the installation.
    #[schema(example = "+12025550123", max_length = 32)]
    pub phone: String,
    /// How the code is to come; `sms` unless said.
    pub channel: Option<Channel>,
    /// The code of an invitation. It is redeemed when the code that is sent comes back.
    #[schema(value_type = Option<String>, max_length = 200)]
    pub invitation: Option<Name>,
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
}

/// A code, brought back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeAttempt {
    #[schema(example = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f")]
    pub challenge_id: Uuid,
    #[schema(example = "123456")]
    pub code: String,
    /// What the list of sessions will call this one.
    #[schema(value_type = Option<String>, max_length = 200, example = "Pixel 9")]
    pub device_name: Option<Name>,
}

/// What a challenge knows and the store cannot read.
#[derive(Serialize, Deserialize)]
struct Holder {
    phone: Phone,
    invitation: Option<Uuid>,
}

const HOLDER: &str = "challenge holder";

pub async fn request(app: &App, asked: CodeRequest) -> Result<CodeRequested> {
    let phone = acceptable_phone(app, &asked.phone)?;
    let channel = asked.channel.unwrap_or(Channel::Sms);
    if channel != Channel::Sms {
        return Err(Error::field("/channel", "is not available here; use sms"));
    }
    let now = app.clock.now();
    let (invitation, welcome) = look_up(app, &phone, asked.invitation.as_ref(), now).await?;

    let fixed_code = app.config.test_phones.code(phone.as_str(), now);
    let code = fixed_code.map_or_else(|| uniform_digits(app.config.otp.length.into()), str::to_owned);
    let text = match (fixed_code, welcome) {
        (None, true) => Ok(letter(app, &code)),
        (None, false) => Err("a code was withheld, as its phone has neither an account nor an invitation"),
        (Some(_), _) => Err("no code was sent, as TEST_PHONE_NUMBERS has a fixed one for its phone"),
    };
    let holder = Holder { phone, invitation };
    let new = new_challenge(app, &holder, &code, now)?;
    let (challenge_id, expires_at) = (new.id, new.expires_at);
    let resend_at = match challenges(app).admit(new).await? {
        Admission::Admitted { next_at } => next_at,
        Admission::Refused { retry_after } => return Err(Error::RateLimited { retry_after }),
    };
    let message = NewMessage {
        challenge_id: Some(challenge_id),
        recipient: holder.phone,
        suppressed: text.is_err(),
        text: text.unwrap_or_else(str::to_owned),
        expires_at,
    };
    messages::queue(&mut *app.db().await?, app, message).await?;
    messages::ring(app);
    Ok(CodeRequested { challenge_id, channel, code_length: app.config.otp.length, expires_at, resend_at })
}

fn acceptable_phone(app: &App, raw: &str) -> Result<Phone> {
    let rules = &app.config.phone;
    let refused = |why: &str| Reason::PhoneRefused.at("/phone", why);
    let phone = Phone::parse(raw, Some(rules.default_region.as_ref())).map_err(refused)?;
    let allowed = &rules.allowed_countries;
    if allowed.is_empty() || allowed.iter().any(|country| phone.country() == Some(*country)) {
        return Ok(phone);
    }
    Err(refused("is of a country that this installation does not serve"))
}

/// The invitation to redeem, and whether this phone may come in at all. Nobody pays for messages to strangers; but what
/// is asked of the database, and what is answered, is the same for all.
async fn look_up(
    app: &App,
    phone: &Phone,
    invitation: Option<&Name>,
    now: DateTime<Utc>,
) -> Result<(Option<Uuid>, bool)> {
    let mut db = app.db().await?;
    let who = users::acquaintance(&mut db, phone).await?;
    let invitation = labs::find_invitation(&mut db, invitation.map(Name::as_str), phone, now).await?;
    let will_own = match sign_in::ownership(app, Some(phone)) {
        users::Ownership::No => false,
        users::Ownership::Yes => true,
        users::Ownership::IfFirst => who.nobody_yet,
    };
    let welcome = who.known || invitation.is_some() || will_own || app.config.sign_up == SignUp::Open;
    Ok((invitation, welcome))
}

/// Fits one message of 140 bytes; the code stands early, where a notification shows it and a phone offers to fill it in.
fn letter(app: &App, code: &str) -> String {
    let minutes = app.config.otp.ttl.as_secs().div_ceil(60);
    format!("Your Chemstock code is {code}. It is good for {minutes} min. Never tell it to anybody.")
}

fn new_challenge(app: &App, holder: &Holder, code: &str, now: DateTime<Utc>) -> Result<NewChallenge> {
    let otp = &app.config.otp;
    let span = |seconds: u64| TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX / 1000));
    let window = |most: u32, seconds| Window { most: most as usize, length: span(seconds) };
    let id = ids::new(now);
    let plain = serde_json::to_vec(holder).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(NewChallenge {
        id,
        purpose: Purpose::LOGIN,
        phone_key: app.secret.mac("phone", &[holder.phone.as_str().as_bytes()]),
        mac: code_mac(app, id, &holder.phone, code),
        sealed: app.secret.seal(HOLDER, &plain, id.as_bytes()),
        guesses: otp.max_guesses,
        now,
        expires_at: now + span(otp.ttl.as_secs()),
        windows: [window(1, otp.resend.as_secs()), window(otp.per_hour, 3600), window(otp.per_day, 86_400)],
    })
}

fn code_mac(app: &App, challenge_id: Uuid, phone: &Phone, code: &str) -> [u8; 32] {
    let purpose = Purpose::LOGIN.0.as_bytes();
    app.secret.mac("one-time code", &[purpose, challenge_id.as_bytes(), phone.as_str().as_bytes(), code.as_bytes()])
}

fn open_holder(app: &App, challenge_id: Uuid, sealed: &[u8]) -> Option<Holder> {
    let plain = app.secret.open(HOLDER, sealed, challenge_id.as_bytes())?;
    serde_json::from_slice(&plain).ok()
}

pub async fn verify(app: &App, attempt: CodeAttempt) -> Result<TokenPair> {
    let length = usize::from(app.config.otp.length);
    if attempt.code.len() != length || !attempt.code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::field("/code", format!("must be the {length} digits of the code, as a string")));
    }
    let id = attempt.challenge_id;
    let mac =
        |sealed: &[u8]| open_holder(app, id, sealed).map(|holder| code_mac(app, id, &holder.phone, &attempt.code));
    let guess = Guess { challenge_id: id, purpose: Purpose::LOGIN, mac: &mac, now: app.clock.now() };
    let holder = match challenges(app).verify(guess).await? {
        Verdict::Right { sealed } => open_holder(app, id, &sealed),
        Verdict::Wrong { .. } | Verdict::Gone => None,
    };
    let Holder { phone, invitation } = holder.ok_or_else(refused)?;
    let device_name = attempt.device_name.map(String::from).unwrap_or_default();
    let proven = Proven {
        challenge_id: id,
        refused,
        who: users::KnownBy::Phone(phone),
        invitation,
        amr: vec!["sms".to_owned()],
        auth_time: app.clock.now(),
    };
    sign_in::sign_in(app, proven, device_name).await
}

/// The same for every cause: whoever guesses learns nothing from it.
pub fn refused() -> Error {
    Reason::CodeRefused.because("the code was not accepted; ask for a new one if it does not work")
}
