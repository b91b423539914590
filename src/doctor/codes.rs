//! Codes that an earlier version has left for a person to settle.

use sqlx::PgConnection;

use super::Finding;

const PART: &str = "codes";

pub(super) async fn look(db: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    // Neither table is there before its migration, and another finding says which rights are missing.
    let (has_renamed, has_codes): (bool, bool) = sqlx::query_as(
        "select coalesce(has_table_privilege(to_regclass('renamed_codes'), 'select'), false),
            coalesce(has_table_privilege(to_regclass('codes'), 'select')
                and has_table_privilege(to_regclass('labs'), 'select'), false)",
    )
    .fetch_one(&mut *db)
    .await?;
    let mut findings = if has_renamed { renamed(db).await? } else { Vec::new() };
    if has_codes {
        findings.extend(spellings(db).await?);
    }
    Ok(findings)
}

/// Places whose code was a bottle's, too, and which have another one since; those renamed again or closed are settled.
async fn renamed(db: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    // (Columns that a database which is not migrated yet may not have are named in a text.)
    let rows = sqlx::query_as(
        "select l.name, r.old_code, r.new_code from renamed_codes r
        join locations l on l.id = r.location_id and l.code = r.new_code and to_jsonb(l) ->> 'closed_at' is null
            and coalesce(to_jsonb(r) ->> 'lab_id', l.lab_id::text) = l.lab_id::text
        order by r.old_code limit 50",
    );
    let rows: Vec<(String, String, String)> = rows.fetch_all(db).await?;
    let told = rows.into_iter().map(|(name, old, new)| {
        let found = format!("the location {name} had the code {old}, as a container has; its code is {new} now");
        Finding::warning(PART, found, "print it a new label, or give it another code by PATCH")
    });
    Ok(told.collect())
}

/// Codes that are one today, and were several when each spelling was a code.
async fn spellings(db: &mut PgConnection) -> sqlx::Result<Vec<Finding>> {
    let rows = sqlx::query_as(
        "select labs.name, k.code, other.code from codes k
        join codes other on other.lab_id = k.lab_id and other.canonical = k.canonical and other.spelling = ''
        join labs on labs.id = k.lab_id
        where k.spelling <> '' order by labs.name, k.canonical, k.spelling limit 50",
    );
    let rows: Vec<(String, String, String)> = rows.fetch_all(db).await?;
    let told = rows.into_iter().map(|(lab, one, other)| {
        let found = format!("in the lab {lab} the codes {one} and {other} differ in case, spaces or hyphens alone");
        let remedy = "each is found as it is printed, and no other spelling of them: give one another code by PATCH";
        Finding::warning(PART, found, remedy)
    });
    Ok(told.collect())
}
