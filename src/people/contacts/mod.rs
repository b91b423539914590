//! What reaches a person: another phone, a mailbox.

use utoipa_axum::router::OpenApiRouter;

use crate::platform::app::App;

mod email_change;
mod phone_change;

pub fn routes() -> OpenApiRouter<App> {
    email_change::routes().merge(phone_change::routes())
}
