use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Key, MessageBudget, MessageDay, MessageDayFilter};
use crate::{
    auth::{Auth, Owner},
    base::{
        dates,
        error::Result,
        page::{Cursor, Limit, Page},
    },
    platform::app::App,
    web::{Failures, Json, Query},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_message_days)).routes(routes!(get_message_budget))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MessageDaysQuery {
    /// The first day, in UTC; thirty days before `to` unless said, a year at the most.
    #[serde(default, deserialize_with = "dates::optional")]
    from: Option<NaiveDate>,
    /// The last day, in UTC; today unless said.
    #[serde(default, deserialize_with = "dates::optional")]
    to: Option<NaiveDate>,
    /// 1 to 200.
    #[serde(default)]
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<Key>>,
}

/// Report on messages and their cost
///
/// By day, country, provider and channel, the newest day first. The same figures are in the metrics.
#[utoipa::path(get, path = "/admin/messages", tag = "login", security(("bearer" = ["owner"])),
    params(MessageDaysQuery), responses((status = 200, body = Page<MessageDay>), Failures))]
async fn list_message_days(by: Auth<Owner>, Query(query): Query<MessageDaysQuery>) -> Result<Json<Page<MessageDay>>> {
    let filter = MessageDayFilter { from: query.from, to: query.to, after: query.cursor, limit: query.limit };
    super::list(&by, filter).await.map(Json)
}

/// Read what may still be spent on messages
#[utoipa::path(get, path = "/admin/messages/budget", tag = "login", security(("bearer" = ["owner"])),
    responses((status = 200, body = MessageBudget), Failures))]
async fn get_message_budget(by: Auth<Owner>) -> Result<Json<MessageBudget>> {
    super::budget(&by).await.map(Json)
}
