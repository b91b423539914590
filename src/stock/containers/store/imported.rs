//! The SQL of bottles that come from a list.

use chemistry::{Quantity, canonical_code};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    base::{
        error::{Error, OnConstraint, Result},
        ids::RequestId,
    },
    stock::{
        codes,
        containers::incoming::{Content, Imported, Known},
    },
};

/// Those that have one of these codes, however it is spelled, or were imported under it; with the values that their
/// first event brought. Of the four that it may not have kept, those of now stand in.
pub async fn find_imported(db: &mut PgConnection, lab_id: Uuid, codes: &[&str]) -> Result<Vec<Known>> {
    let rows = sqlx::query!(
        r#"select c.code, c.imported_as, c.state = 'voided' as "is_voided!", e.content, c.chemical_id, c.location_id, e.location_after,
            c.unit as "unit: chemistry::Unit", e.amount_after as "amount: chemistry::Amount",
            e.state_after as "state: crate::stock::containers::State",
            (e.changes -> 'tare' ->> 1)::numeric as "tare: chemistry::Amount",
            (e.changes -> 'received_on' ->> 1)::date as received_on,
            (e.changes -> 'opened_on' ->> 1)::date as opened_on,
            (e.changes -> 'expires_on' ->> 1)::date as expires_on,
            case when e.brought is null then c.lot else e.brought ->> 'lot' end as lot,
            case when e.brought is null then c.supplier else e.brought ->> 'supplier' end as supplier,
            case when e.brought is null then c.catalogue_number else e.brought ->> 'catalogue_number' end
                as catalogue_number,
            case when e.brought is null then c.note else e.brought ->> 'note' end as note
        from containers c join stock_events e on e.lab_id = c.lab_id and e.container_id = c.id and e.seq = 1
        where c.lab_id = $1 and c.id in (
            select container_id from codes where lab_id = $1 and canonical = any($3)
            union select id from containers where lab_id = $1 and imported_as = any($2)
        ) order by c.id"#,
        lab_id,
        codes as &[&str],
        &codes.iter().map(|code| canonical_code(code)).collect::<Vec<_>>()
    );
    let known = rows.fetch_all(db).await?.into_iter().map(|row| Known {
        code: row.code,
        imported_as: row.imported_as,
        is_voided: row.is_voided,
        fingerprint: row.content,
        chemical_id: row.chemical_id,
        lies_in: row.location_id,
        location_id: row.location_after,
        received: Quantity { value: row.amount, unit: row.unit },
        content: Content {
            state: row.state,
            tare: row.tare,
            lot: row.lot,
            supplier: row.supplier,
            catalogue_number: row.catalogue_number,
            note: row.note,
            received_on: row.received_on,
            opened_on: row.opened_on,
            expires_on: row.expires_on,
        },
    });
    Ok(known.collect())
}

/// The containers and the first event of each ledger, in one statement.
#[expect(clippy::too_many_lines, reason = "one statement, and its arguments")]
pub async fn insert_imported(
    db: &mut PgConnection,
    lab_id: Uuid,
    rows: &[Imported],
    by_for: Option<Uuid>,
    run: RequestId,
    now: DateTime<Utc>,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let canonical: Vec<_> = rows.iter().map(|row| canonical_code(&row.code)).collect();
    let contents: Vec<_> = rows.iter().map(|row| row.fingerprint.as_slice()).collect();
    let rows = serde_json::to_value(rows).map_err(|cause| Error::Internal(cause.into()))?;
    sqlx::query!(
        "with new as (
            select * from rows from (
                jsonb_to_recordset($1) as (id uuid, event_id uuid, code text, chemical_id uuid,
                    location_id uuid, unit text, amount numeric, state text, tare numeric, lot text, supplier text,
                    catalogue_number text, note text, received_on date, opened_on date, expires_on date),
                unnest($5::bytea[]), unnest($7::text[])
            ) as new (id, event_id, code, chemical_id, location_id, unit, amount, state, tare, lot, supplier,
                catalogue_number, note, received_on, opened_on, expires_on, content, canonical)
        ), coded as (
            insert into codes (lab_id, canonical, code, container_id) select $2, canonical, code, id from new
        ), received as (
            insert into containers (id, lab_id, chemical_id, location_id, code, state, unit, amount, initial_amount,
                tare, lot, supplier, catalogue_number, note, received_on, opened_on, expires_on, created_at, updated_at,
                came_opened, imported_as)
            select id, $2, chemical_id, location_id, code, state, unit, amount, amount, tare, lot, supplier,
                catalogue_number, note, received_on, opened_on, expires_on, $4, $4,
                state = 'opened', code
            from new
        )
        insert into stock_events (id, lab_id, container_id, seq, type, delta, amount_after, typed_value, typed_unit,
            state_after, location_after, by_system, by_for, occurred_at, recorded_at, content, request_id,
            changes, brought)
        select event_id, $2, id, 1, 'receive', amount, amount, amount, unit, state, location_id, 'import', $3, $4, $4,
            content, $6,
            (select jsonb_object_agg(field, jsonb_build_array(null, value)) from (values
                ('opened_on', to_jsonb(opened_on)), ('tare', to_jsonb(tare::text)),
                ('received_on', to_jsonb(received_on)), ('expires_on', to_jsonb(expires_on)),
                ('chemical_id', to_jsonb(chemical_id)), ('code', to_jsonb(code)), ('lot', to_jsonb(lot)),
                ('supplier', to_jsonb(supplier)), ('catalogue_number', to_jsonb(catalogue_number)), ('note', to_jsonb(note))
            ) as known (field, value) where value is not null),
            jsonb_strip_nulls(jsonb_build_object('lot', lot, 'supplier', supplier,
                'catalogue_number', catalogue_number, 'note', note))
        from new",
        rows,
        lab_id,
        by_for,
        now,
        &contents as &[&[u8]],
        run.to_string(),
        &canonical
    )
    .execute(db)
    .await
    .on_constraint(codes::UNIQUE, codes::taken)?;
    Ok(())
}
