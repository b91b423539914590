//! The reading of a ledger for what can be undone.

use std::ops::Range;

use chrono_tz::Tz;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    base::error::Result,
    stock::containers::{
        Actor, EventType, State, System,
        changes::Rest,
        history::{History, Past},
    },
};

/// The newest of these events of a bottle, at most so many, as far as an undo needs them.
#[expect(clippy::too_many_lines, reason = "one statement, and its answer")]
pub async fn history(
    db: &mut PgConnection,
    lab_id: Uuid,
    container_id: Uuid,
    zone: Tz,
    seqs: Range<i32>,
    most: Option<i64>,
) -> Result<History> {
    let rows = sqlx::query!(
        r#"select id, seq, type as "type: EventType", day, by_user, by_system as "by_system: System", by_for, occurred_at,
            recorded_at, reverses, delta, state_before as "state_before: State", state_after as "state_after: State",
            location_before, location_after, changes as "changes: Json<Rest>",
            location_before is not null and (location_before is distinct from location_after or type = 'dispose')
                and not exists (
                    select from locations l where l.lab_id = $1 and l.id = location_before and l.closed_at is null
                ) as "place_is_gone!",
            changes -> 'holder_id' ->> 0 is not null and not exists (
                select from memberships m join users u on u.id = m.user_id and u.disabled_at is null
                where m.lab_id = $1 and m.user_id = (changes -> 'holder_id' ->> 0)::uuid and m.left_at is null
                    and m.role <> 'viewer'
            ) as "holder_is_gone!",
            changes -> 'holder_id' ->> 0 is not null and not sees_place($1, (changes -> 'holder_id' ->> 0)::uuid,
                case when location_before is distinct from location_after then location_before else (
                    select c.location_id from containers c where c.lab_id = $1 and c.id = $2
                ) end
            ) as "holder_has_no_key!",
            -- Where later events are left out, one of them may have undone it.
            $5 < 2147483647 and coalesce(
                (select true from stock_events r where r.lab_id = $1 and r.reverses = e.id), false
            ) as "is_undone!"
        from (
            select * from stock_events
            where lab_id = $1 and container_id = $2 and seq >= $3 and seq < $5
            order by seq desc limit $4::bigint
        ) e order by seq"#,
        lab_id,
        container_id,
        seqs.start,
        most,
        seqs.end
    );
    let rows = rows.fetch_all(db).await?;
    let undone: Vec<Uuid> = rows.iter().filter(|row| row.is_undone).map(|row| row.id).collect();
    let lines = rows.into_iter().map(|mut row| (row.changes.take().map(|it| it.0).unwrap_or_default(), row));
    let lines = lines.map(|(rest, row)| Past {
        id: row.id,
        seq: row.seq,
        r#type: row.r#type,
        by: Actor { user_id: row.by_user, system: row.by_system, r#for: row.by_for },
        recorded_at: row.recorded_at,
        // Lines from before days were kept have theirs where it decided.
        day: row
            .day
            .or(rest.opened_on.and_then(|[_, day]| day))
            .unwrap_or(row.occurred_at.with_timezone(&zone).date_naive()),
        reverses: row.reverses,
        delta: row.delta,
        state_before: row.state_before,
        state_after: row.state_after,
        location_before: row.location_before,
        location_after: row.location_after,
        place_is_gone: row.place_is_gone,
        holder_is_gone: row.holder_is_gone,
        holder_has_no_key: row.holder_has_no_key,
        rest,
    });
    Ok(History::new(lines.collect(), undone))
}
