use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::{Channel, FailedMessages, Key, MessageDay};
use crate::base::error::Result;

pub async fn list(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    after: Option<&Key>,
    limit: i64,
) -> Result<Vec<MessageDay>> {
    // The day of the cursor is the newest that can still come.
    let until = after
        .and_then(|key| key.0.succ_opt())
        .map_or(until, |next| until.min(next.and_time(chrono::NaiveTime::MIN).and_utc()));
    let rows = sqlx::query!(
        r#"select (hour at time zone 'UTC')::date as "day!", country, provider, channel as "channel: Channel",
            sum(sent) as "sent!", sum(delivered) as "delivered!", sum(verified) as "verified!",
            sum(number_refused) as "number_refused!", sum(consent_withdrawn) as "consent_withdrawn!",
            sum(blocked) as "blocked!", sum(misconfigured) as "misconfigured!", sum(try_later) as "try_later!",
            sum(unknown) as "unknown!", sum(untried) as "untried!", sum(cost) as "cost!"
        from message_tallies
        where hour >= $1 and hour < $2 and ($3::date is null or (hour at time zone 'UTC')::date < $3
            or ((hour at time zone 'UTC')::date = $3 and (country, provider, channel) > ($4, $5, $6)))
        group by 1, 2, 3, 4 order by 1 desc, 2, 3, 4 limit $7"#,
        from,
        until,
        after.map(|key| key.0),
        after.map(|key| key.1.as_str()),
        after.map(|key| key.2.as_str()),
        after.map(|key| key.3) as Option<Channel>,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| MessageDay {
            day: row.day,
            country: row.country,
            provider: row.provider,
            channel: row.channel,
            sent: row.sent,
            delivered: row.delivered,
            verified: row.verified,
            failed: FailedMessages {
                number_refused: row.number_refused,
                consent_withdrawn: row.consent_withdrawn,
                blocked: row.blocked,
                misconfigured: row.misconfigured,
                try_later: row.try_later,
                unknown: row.unknown,
                untried: row.untried,
            },
            cost: row.cost.normalize(),
            cost_per_login: (row.verified > 0)
                .then(|| (row.cost / Decimal::from(row.verified)).round_dp(6).normalize()),
        })
        .collect())
}

/// Of everything (`*`) and of each country, in this hour and on this day.
pub struct Spent {
    pub scope: String,
    pub hour: Decimal,
    pub day: Decimal,
}

pub async fn spent(db: &mut PgConnection, hour: DateTime<Utc>, day: DateTime<Utc>) -> Result<Vec<Spent>> {
    let spent = sqlx::query_as!(
        Spent,
        r#"select scope as "scope!", coalesce(sum(cost) filter (where hour >= $1), 0) as "hour!", sum(cost) as "day!"
        from code_tallies where hour >= $2 and scope not like '+%' group by scope
        union all select '*', 0, 0 where not exists (select from code_tallies where hour >= $2 and scope = '*')
        order by 1"#,
        hour,
        day
    );
    Ok(spent.fetch_all(db).await?)
}
