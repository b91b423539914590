//! SQL on the codes that came back.

use sqlx::PgConnection;

use crate::base::error::Result;

pub struct CameBack {
    pub consumed: i64,
    pub provider: Option<String>,
    pub verified: i64,
}

/// It counts for the attempt that came last and may have brought it.
pub async fn count_verified(db: &mut PgConnection, most: usize) -> Result<Vec<CameBack>> {
    let counted = sqlx::query_as!(
        CameBack,
        r#"with consumed as (
            update consumed_challenges set tallied = true where challenge_id in (
                select challenge_id from consumed_challenges where not tallied
                order by consumed_at limit $1 for update skip locked
            )
            returning challenge_id
        ), came_back as (
            select date_trunc('hour', a.started_at, 'UTC') as hour, m.country, a.provider, a.channel, count(*) as verified
            from consumed c join messages m on m.challenge_id = c.challenge_id and not m.suppressed
            cross join lateral (
                select provider, channel, started_at from message_attempts
                where message_id = m.id and state <> 'failed' order by seq desc limit 1
            ) a
            group by 1, 2, 3, 4
        ), counted as (
            insert into message_tallies as t (hour, country, provider, channel, verified)
            select hour, country, provider, channel, verified from came_back order by 1, 2, 3, 4
            on conflict (hour, country, provider, channel) do update set verified = t.verified + excluded.verified
        )
        select (select count(*) from consumed) as "consumed!", provider as "provider?",
            coalesce(verified, 0) as "verified!"
        from (values (1)) one left join came_back on true"#,
        i64::try_from(most).unwrap_or(i64::MAX)
    );
    Ok(counted.fetch_all(db).await?)
}
