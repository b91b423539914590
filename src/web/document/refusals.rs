//! Which problem types an operation can answer: those that follow from its form, and its own refusals.

use crate::base::error::Reason::{
    self, AlreadyMember, AppCheckRefused, BatchRejected, CallbackRefused, CasTaken, ChemicalInUse, CodeRefused,
    CodeTaken, EmailOff, EventNotAllowed, FirebaseOff, FirebaseTokenRefused, FirebaseUserUnknown, FreshLoginRequired,
    HolderRefused, IdTaken, IdempotencyKeyReused, ImportRuns, Inconvertible, InvitationRefused, InvitationRequired,
    JobState, LastAdmin, LastOwner, LocationCycle, LocationInUse, LocationKind, NameTaken, NoTable, NotEnough,
    NotReversible, NumberTaken, PhoneRefused, PhoneRequired, PhoneTaken, RefreshTokenRefused, SessionRequired,
    StillRunning,
};
use crate::web::catalogue::{Kind, general};

/// The properties of an operation that decide on the general problem types.
#[expect(clippy::struct_excessive_bools, reason = "each decides on its own")]
pub(super) struct Form<'a> {
    pub id: &'a str,
    pub needs_token: bool,
    pub needs_right: bool,
    pub has_path_variables: bool,
    pub has_query: bool,
    pub has_body: bool,
    pub has_if_match: bool,
    pub may_repeat: bool,
}

/// Sorted by status, then by name.
pub(super) fn of(form: &Form) -> Vec<Kind> {
    let general = [
        // Also without a body: a request that has no `Host`, or two.
        (true, general::MALFORMED),
        (form.needs_token, general::NO_TOKEN),
        (form.needs_token, general::BAD_TOKEN),
        (form.needs_right, general::FORBIDDEN),
        (form.has_path_variables, general::NOT_FOUND),
        (form.has_if_match, general::STALE),
        (form.has_if_match, general::IF_MATCH_REQUIRED),
        (form.has_body || form.may_repeat, general::TOO_LARGE),
        (form.has_body, general::MEDIA_TYPE),
        (form.has_body || form.has_query || form.has_if_match || form.may_repeat, general::INVALID),
        // The lists of one person wait for each other, for a limited time.
        (form.needs_token && form.id.starts_with("list_"), general::RATE_LIMITED),
        (true, general::TIMED_OUT),
        (true, general::INTERNAL),
        (true, general::UNAVAILABLE),
    ];
    let general = general.into_iter().filter_map(|(applies, kind)| applies.then_some(kind));
    let repeats: &[Reason] = if form.may_repeat { &[StillRunning, IdempotencyKeyReused] } else { &[] };
    // For a caller whose bearer token is from Firebase.
    let firebase: &[Reason] = if form.needs_token { &[FirebaseUserUnknown, FirebaseTokenRefused] } else { &[] };
    let own = own(form.id).iter().chain(repeats).chain(firebase).copied().map(Kind::from);
    let mut kinds: Vec<_> = general.chain(own).chain(more(form.id).iter().copied()).collect();
    kinds.sort_unstable_by_key(|kind| (kind.status.as_u16(), kind.slug));
    kinds.dedup_by_key(|kind| kind.slug);
    kinds
}

/// General problem types that do not follow from the form.
fn more(id: &str) -> &'static [Kind] {
    match id {
        "request_code" => &[general::RATE_LIMITED, general::BUDGET_SPENT],
        "request_phone_change" | "request_email_change" => {
            &[general::FORBIDDEN, general::RATE_LIMITED, general::BUDGET_SPENT]
        }
        "verify_code" | "exchange_id_token" | "confirm_phone_change" | "confirm_email_change" => {
            &[general::FORBIDDEN, general::RATE_LIMITED]
        }
        "get_challenge"
        | "refresh_tokens"
        | "stream_job"
        | "get_audit_head"
        | "get_installation_audit_head"
        | "verify_audit"
        | "verify_installation_audit"
        | "create_import"
        | "export_containers"
        | "post_events" => &[general::RATE_LIMITED],
        "get_metrics" | "look_up_chemical" | "get_me" | "update_me" => &[general::NOT_FOUND],
        // A part of the path is a text with rules of its own.
        "lift_sending_stop" | "scan_code" => &[general::INVALID],
        _ => &[],
    }
}

fn own(id: &str) -> &'static [Reason] {
    match id {
        "request_code" => &[AppCheckRefused, PhoneRefused],
        "verify_code" => &[CodeRefused, InvitationRefused, InvitationRequired],
        "exchange_id_token" => {
            &[FirebaseOff, FirebaseTokenRefused, InvitationRefused, InvitationRequired, PhoneRefused]
        }
        "mint_custom_token" => &[FirebaseOff, SessionRequired],
        "refresh_tokens" => &[RefreshTokenRefused],
        "end_other_sessions" | "end_session" | "list_sessions" | "log_out" => &[SessionRequired],
        "request_phone_change" => &[FreshLoginRequired, PhoneRefused, PhoneTaken, SessionRequired],
        "confirm_phone_change" => &[CodeRefused, FreshLoginRequired, PhoneTaken, SessionRequired],
        "request_email_change" => &[EmailOff, FreshLoginRequired, PhoneRequired, SessionRequired],
        "confirm_email_change" => &[CodeRefused, EmailOff, FreshLoginRequired, PhoneRequired, SessionRequired],
        "delete_email" => &[EmailOff, FreshLoginRequired, SessionRequired],
        "receive_webhook" | "answer_webhook" => &[CallbackRefused],
        "create_lab" => &[IdTaken, NameTaken],
        "update_lab" => &[NameTaken],
        "delete_me" => &[FreshLoginRequired, LastAdmin, LastOwner, SessionRequired],
        "update_account" => &[LastAdmin, LastOwner],
        "appoint_admin" => &[AlreadyMember],
        "update_member" | "delete_member" => &[LastAdmin],
        "create_invitation" => &[IdTaken, PhoneRefused],
        "accept_invitation" => &[AlreadyMember, InvitationRefused, InvitationRequired],
        "cancel_job" | "retry_job" => &[JobState],
        "create_import" => &[IdTaken, NoTable],
        "dry_run_import" | "commit_import" => &[ImportRuns],
        "create_chemical" => &[CasTaken, IdTaken, NumberTaken],
        "update_chemical" => &[CasTaken, NumberTaken],
        "delete_chemical" => &[ChemicalInUse],
        "create_location" => &[CodeTaken, IdTaken, LocationCycle, LocationKind, NameTaken],
        "update_location" => &[CodeTaken, LocationCycle, LocationKind, NameTaken],
        "delete_location" => &[LocationInUse],
        "create_container" => &[CodeTaken, IdTaken, Inconvertible],
        "update_container" => &[CodeTaken, EventNotAllowed, Inconvertible],
        "post_events" => &[BatchRejected],
        "post_event" => &[EventNotAllowed, HolderRefused, IdTaken, Inconvertible, NotEnough, NotReversible],
        _ => &[],
    }
}
