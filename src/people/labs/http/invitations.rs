//! `/v1/labs/{lab_id}/invitations` and `/v1/invitations/accept`.

use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    auth::{Admin, Anyone, Auth},
    base::{error::Result, made::Made, page::Page, version::Versioned},
    people::labs::{
        Member,
        invitation::Invitation,
        invitations::{self, AcceptInvitation, NewInvitation},
    },
    platform::app::App,
    web::{Failures, IfMatch, Json, NoContent, PageQuery, Path, Query, Tagged},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_invitations, create_invitation))
        .routes(routes!(get_invitation, revoke_invitation))
        .routes(routes!(accept_invitation))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InvitationPath {
    /// The lab.
    #[serde(rename = "lab_id")]
    _lab_id: Uuid,
    invitation_id: Uuid,
}

impl Versioned for Invitation {
    fn version(&self) -> i32 {
        self.version
    }
}

/// List the invitations of a lab.
///
/// Also those that are used up, too old or revoked. Codes are not kept, so they are not here.
#[utoipa::path(get, path = "/labs/{lab_id}/invitations", tag = "people", params(("lab_id" = Uuid, Path), PageQuery<Uuid>),
    responses((status = 200, body = Page<Invitation>), Failures), security(("bearer" = ["admin"])))]
async fn list_invitations(by: Auth<Admin>, Query(query): Query<PageQuery<Uuid>>) -> Result<Json<Page<Invitation>>> {
    invitations::list(&by, query.limit, query.cursor).await.map(Json)
}

/// Invite people into a lab.
///
/// The answer's `code` is shown this once. Give it to whom you invite: they send it with their first login, or to
/// `/v1/invitations/accept` when they have an account. An invitation for a phone works at that phone's next login
/// without the code. It admits each person once, changes nobody's role, and ends when you are no admin of the lab any
/// more. The same invitation again under its `id` is not made again: 200 with the invitation as it is now, without the
/// code. To get the code again when an answer was lost, send an Idempotency-Key, or revoke the invitation and make
/// another.
#[utoipa::path(post, path = "/labs/{lab_id}/invitations", tag = "people", params(("lab_id" = Uuid, Path)),
    responses((status = 201, body = Invitation), (status = 200, description = "It was made before", body = Invitation), Failures),
    security(("bearer" = ["admin"])))]
async fn create_invitation(by: Auth<Admin>, Json(new): Json<NewInvitation>) -> Result<Made<Invitation>> {
    invitations::create(&by, new).await
}

/// Get an invitation.
#[utoipa::path(get, path = "/labs/{lab_id}/invitations/{invitation_id}", tag = "people",
    params(InvitationPath),
    responses((status = 200, body = Invitation), Failures), security(("bearer" = ["admin"])))]
async fn get_invitation(by: Auth<Admin>, Path(path): Path<InvitationPath>) -> Result<Tagged<Invitation>> {
    invitations::get(&by, path.invitation_id).await.map(Tagged)
}

/// Revoke an invitation.
///
/// It admits nobody from now on, and stays in the list with its `revoked_at`.
#[utoipa::path(delete, path = "/labs/{lab_id}/invitations/{invitation_id}", tag = "people",
    params(InvitationPath, ("If-Match" = String, Header, description = "The invitation's ETag", example = "\"1\"")),
    responses((status = 204), Failures), security(("bearer" = ["admin"])))]
async fn revoke_invitation(
    by: Auth<Admin>,
    Path(path): Path<InvitationPath>,
    IfMatch(version): IfMatch,
) -> Result<NoContent> {
    invitations::revoke(&by, path.invitation_id, version).await.map(|()| NoContent)
}

/// Join a lab by the code of an invitation.
///
/// 409 `already-member` when you belong to its lab; 422 `invitation-refused` when the code is unknown, used up, too
/// old, revoked, for another phone, used by you before, or older than the end of your membership.
#[utoipa::path(post, path = "/invitations/accept", tag = "people",
    responses((status = 200, body = Member), Failures), security(("bearer" = [])))]
async fn accept_invitation(by: Auth<Anyone>, Json(accept): Json<AcceptInvitation>) -> Result<Tagged<Member>> {
    invitations::accept(&by, accept.code.as_str()).await.map(Tagged)
}
