//! The catalogue of problem types: each failure's slug, status and title, and the page that explains it.

use axum::http::StatusCode;

use crate::base::error::Reason;

/// A problem type (RFC 9457 section 3.1.1). Its URL is `/problems/<slug>`.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    pub slug: &'static str,
    pub status: StatusCode,
    pub title: &'static str,
    /// What the page says: what happened and what to do.
    pub help: &'static str,
}

const fn kind(slug: &'static str, status: StatusCode, title: &'static str, help: &'static str) -> Kind {
    Kind { slug, status, title, help }
}

#[rustfmt::skip]
pub mod general {
    use super::{kind, Kind, StatusCode as S};

    pub const MALFORMED: Kind = kind("malformed", S::BAD_REQUEST, "The request cannot be read", "The body is not JSON, or the request is broken in another way. The detail names the place.");
    pub const NO_TOKEN: Kind = kind("no-token", S::UNAUTHORIZED, "No access token was sent", "Send `Authorization: Bearer <access_token>`. Get a token at /v1/auth/otp/verify.");
    pub const BAD_TOKEN: Kind = kind("bad-token", S::UNAUTHORIZED, "The access token is not valid", "It has expired, its session has ended, or it is not one of ours. Get a new one at /v1/auth/refresh, or log in again.");
    pub const FORBIDDEN: Kind = kind("forbidden", S::FORBIDDEN, "Your role does not allow this", "The role that an operation needs stands in the API document. An admin of the lab can change yours.");
    pub const NOT_FOUND: Kind = kind("not-found", S::NOT_FOUND, "Not found", "There is nothing here, or nothing that you may see.");
    pub const METHOD_NOT_ALLOWED: Kind = kind("method-not-allowed", S::METHOD_NOT_ALLOWED, "This path does not know that method", "The header Allow lists the methods of this path.");
    pub const TIMED_OUT: Kind = kind("timed-out", S::REQUEST_TIMEOUT, "The request took too long", "It was stopped. A write with an Idempotency-Key or an id of your own can be repeated safely.");
    pub const STALE: Kind = kind("stale", S::PRECONDITION_FAILED, "It has changed since you read it", "Read it again, and send its new ETag as If-Match.");
    pub const TOO_LARGE: Kind = kind("too-large", S::PAYLOAD_TOO_LARGE, "The body is too large", "Bodies are limited to 1 MiB, and files that are uploaded to 25 MiB.");
    pub const URI_TOO_LONG: Kind = kind("uri-too-long", S::URI_TOO_LONG, "The address is too long", "An address has at most 65,534 bytes. Send less in the query, such as a shorter `q` or cursor.");
    pub const HEADERS_TOO_LARGE: Kind = kind("headers-too-large", S::REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large", "A request has at most 100 headers, and some 400 kB of them. Send fewer: cookies are of no use here.");
    pub const MEDIA_TYPE: Kind = kind("media-type", S::UNSUPPORTED_MEDIA_TYPE, "The body is of a type that is not taken here", "Send `Content-Type: application/json`. Of an upload, the operation lists the types that it takes, and the body comes without a Content-Encoding.");
    pub const INVALID: Kind = kind("invalid", S::UNPROCESSABLE_ENTITY, "Some fields are not acceptable", "`errors` lists each field with a JSON pointer and what is wrong with it.");
    pub const IF_MATCH_REQUIRED: Kind = kind("if-match-required", S::PRECONDITION_REQUIRED, "If-Match is required", "Send the resource's ETag as If-Match, so that nobody's change is overwritten unseen.");
    pub const RATE_LIMITED: Kind = kind("rate-limited", S::TOO_MANY_REQUESTS, "Too many requests", "Wait for the number of seconds in Retry-After.");
    pub const INTERNAL: Kind = kind("internal", S::INTERNAL_SERVER_ERROR, "Something went wrong on our side", "The operators find the cause in the log by the request id.");
    pub const UNAVAILABLE: Kind = kind("unavailable", S::SERVICE_UNAVAILABLE, "A service that this needs is away", "Try again after the number of seconds in Retry-After.");
    pub const BUDGET_SPENT: Kind = kind("budget-spent", S::SERVICE_UNAVAILABLE, "No more codes are sent for now", "What this installation may spend on messages is spent for this hour or day, and it sends codes again after the number of seconds in Retry-After. Until then a code by e-mail still goes out, for an account with a mailbox, and a Firebase sign-in still works; whoever is logged in stays so. The operators can raise SMS_BUDGET_PER_HOUR and its like.");

    pub const ALL: &[Kind] = &[
        MALFORMED, NO_TOKEN, BAD_TOKEN, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, TIMED_OUT, STALE, TOO_LARGE,
        URI_TOO_LONG, HEADERS_TOO_LARGE, MEDIA_TYPE, INVALID, IF_MATCH_REQUIRED, RATE_LIMITED, INTERNAL, UNAVAILABLE,
        BUDGET_SPENT,
    ];
}

impl From<Reason> for Kind {
    #[rustfmt::skip]
    fn from(reason: Reason) -> Self {
        use StatusCode as S;
        match reason {
            Reason::AlreadyMember => kind("already-member", S::CONFLICT, "Already a member of the lab", "Change the role of the membership instead."),
            Reason::AppCheckRefused => kind("app-check-refused", S::FORBIDDEN, "The app was not recognised", "This installation gives codes to its own apps only: send a fresh App Check token in X-Firebase-AppCheck."),
            Reason::BatchRejected => kind("batch-rejected", S::CONFLICT, "Not all of the events can be booked", "All were to be booked or none, so none was. `verdicts` says which are refused and why: mend those or leave them out, and send the rest again."),
            Reason::CallbackRefused => kind("callback-refused", S::FORBIDDEN, "The callback is not believed", "Its signature is missing, wrong or too old. Providers sign with the key that stands in the configuration, over the address under PUBLIC_URL."),
            Reason::CasTaken => kind("cas-taken", S::CONFLICT, "The catalogue has this CAS number", "Look the chemical up by its CAS number and use that entry."),
            Reason::ChemicalInUse => kind("chemical-in-use", S::CONFLICT, "There are containers of this chemical", "A chemical that any container refers to stays in the catalogue."),
            Reason::CodeRefused => kind("code-refused", S::UNAUTHORIZED, "The code was not accepted", "It was wrong, too old, used before, or guessed too often. Ask for a new one; the old one is of no use then."),
            Reason::CodeTaken => kind("code-taken", S::CONFLICT, "Another thing in this lab has that code", "Codes are unique in a lab. Leave the code out and one is made."),
            Reason::EmailOff => kind("email-off", S::NOT_FOUND, "E-mail is not set up here", "This installation sends no e-mail: its operators would have to set SMTP_URL and EMAIL_FROM. A code to your phone lets you in."),
            Reason::EventNotAllowed => kind("event-not-allowed", S::CONFLICT, "The container's state does not allow this event", "`allowed_actions` lists the events that it does allow."),
            Reason::FirebaseOff => kind("firebase-off", S::NOT_FOUND, "This is not set up here", "The detail names what the operators would have to set. A code to your phone lets you in: /v1/auth/otp/request."),
            Reason::FirebaseTokenRefused => kind("firebase-token-refused", S::UNAUTHORIZED, "The Firebase token was not accepted", "The detail says why. Sign in to Firebase again and send the ID token that it gives, once."),
            Reason::FirebaseUserUnknown => kind("firebase-user-unknown", S::UNAUTHORIZED, "Nobody here has this Firebase account", "Trade the ID token at /v1/auth/firebase once; from then on it is known here."),
            Reason::FreshLoginRequired => kind("fresh-login-required", S::FORBIDDEN, "This needs a login of the last five minutes", "A stolen session must not do this, nor whoever reads your mail. Log in again with a code to your present phone, and repeat the request with the new access token."),
            Reason::HolderRefused => kind("holder-refused", S::UNPROCESSABLE_ENTITY, "The container cannot be checked out to this person", "Only people who belong to the lab now can hold a container."),
            Reason::IdTaken => kind("id-taken", S::CONFLICT, "Something with this id exists", "The same sent again under its id is answered with what the first try has made, so this is something else, or somebody else's: make a new UUIDv7."),
            Reason::IdempotencyKeyReused => kind("idempotency-key-reused", S::UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for another request", "Use a new key for a new request, and the same key only to repeat it."),
            Reason::ImportRuns => kind("import-runs", S::CONFLICT, "The list is being imported", "One run of a list of this name has not ended: wait for its job, or cancel it at POST /v1/jobs/{id}/cancel. The same run asked for again is answered with its job."),
            Reason::Inconvertible => kind("inconvertible", S::UNPROCESSABLE_ENTITY, "The unit cannot be converted to the container's", "Mass against volume takes a density, and amount of substance a molar mass; `missing` names what the chemical lacks. A manager can give it for the lab: PUT /v1/labs/{lab_id}/chemicals/{chemical_id}/overrides. Nothing is guessed."),
            Reason::InvitationRefused => kind("invitation-refused", S::UNPROCESSABLE_ENTITY, "The invitation was not accepted", "It is unknown, expired, used up, revoked, or for another phone. Ask an admin of the lab for a new one."),
            Reason::InvitationRequired => kind("invitation-required", S::FORBIDDEN, "Sign-up is by invitation", "Ask an admin of the lab for an invitation."),
            Reason::JobState => kind("job-state", S::CONFLICT, "The job's state does not allow this", "Read the job again. Only a job that has failed is repeated, and only one that waits or runs is cancelled; a step that runs by a schedule is not."),
            Reason::LastAdmin => kind("last-admin", S::CONFLICT, "A lab keeps at least one admin", "Make somebody else an admin first. An owner of the installation can: POST /v1/admin/labs/{id}/admins."),
            Reason::LastOwner => kind("last-owner", S::CONFLICT, "The installation keeps at least one owner", "Make somebody else an owner first: PATCH /v1/admin/users/{id} with is_owner, or `chemstock owner PHONE`."),
            Reason::LocationCycle => kind("location-cycle", S::CONFLICT, "A location cannot lie inside itself", "Choose a parent that is not below this location."),
            Reason::LocationInUse => kind("location-in-use", S::CONFLICT, "The location is not empty", "Move its containers and sub-locations first."),
            Reason::LocationKind => kind("location-kind", S::UNPROCESSABLE_ENTITY, "A location of this kind cannot lie there", "From outside in: building, room, cabinet, shelf, box."),
            Reason::NameTaken => kind("name-taken", S::CONFLICT, "The name is taken", "Choose another name."),
            Reason::NoTable => kind("no-table", S::UNPROCESSABLE_ENTITY, "The file cannot be read as a list", "A list is CSV in UTF-8 with a header, separated by commas, semicolons or tabs. The detail says what is wrong with this one, and what to do."),
            Reason::NotEnough => kind("not-enough", S::CONFLICT, "There is not that much in the container", "A withdrawal never goes below zero; `left` says what is there. Weigh or adjust the container if the amount is wrong."),
            Reason::NotReversible => kind("not-reversible", S::CONFLICT, "The event cannot be reversed", "An event is reversed once, and only while no later event stands that changed the same thing; `blocked_by` names it. Reverse that one first."),
            Reason::NumberTaken => kind("number-taken", S::CONFLICT, "Another chemical has this number", "An EC number and an InChIKey belong to one chemical. The detail names the one that has it: use that entry, or correct the number."),
            Reason::PhoneRefused => kind("phone-refused", S::UNPROCESSABLE_ENTITY, "This is not a phone that can get a code", "Give a mobile number in E.164 form, such as +12025550123, without an extension."),
            Reason::PhoneRequired => kind("phone-required", S::CONFLICT, "This needs a phone of your own", "A mailbox is a second way to an account that is known by its phone. Add a phone first, at /v1/me/phone."),
            Reason::PhoneTaken => kind("phone-taken", S::CONFLICT, "Somebody has this phone", "It is the phone of another account. Log in with it to use that account, or ask those who run the installation."),
            Reason::RefreshTokenRefused => kind("refresh-token-refused", S::UNAUTHORIZED, "The refresh token was not accepted", "It is unknown, expired or was used before, or its session has ended. Log in again."),
            Reason::SessionRequired => kind("session-required", S::FORBIDDEN, "This needs a session of ours", "A Firebase ID token has no session here. Trade it at /v1/auth/firebase and come with the access token."),
            Reason::StillRunning => kind("still-running", S::CONFLICT, "A request with this Idempotency-Key is still running", "Repeat it after the seconds in Retry-After; you will get its answer."),
        }
    }
}

/// Every problem type there is, for the pages and the document.
pub fn kinds() -> impl Iterator<Item = Kind> {
    general::ALL.iter().copied().chain(Reason::ALL.iter().copied().map(Kind::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_problem_types_share_a_slug() {
        let slugs: std::collections::HashSet<_> = kinds().map(|kind| kind.slug).collect();
        assert_eq!(slugs.len(), kinds().count());
    }
}
