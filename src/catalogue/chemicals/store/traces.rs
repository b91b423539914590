//! The SQL of rows that came in from lists.

use sqlx::PgConnection;

use crate::{
    base::error::Result,
    catalogue::chemicals::{
        merge::Brought,
        trace::{Trace, Traced},
    },
};

pub async fn find_traces(db: &mut PgConnection, rows: &[Trace]) -> Result<Vec<Traced>> {
    let contents: Vec<_> = rows.iter().map(|row| row.content.as_slice()).collect();
    let marks: Vec<_> = rows.iter().map(|row| row.mark.as_slice()).collect();
    let found = sqlx::query_as!(
        Traced,
        r#"select t.content as "content!", t.mark as "mark!", t.named as "named?", c.name as "name?"
        from imported_chemicals t left join chemicals c on c.id = t.chemical_id and c.deleted_at is null
        where t.content = any($1) or t.mark = any($2) or t.named = any($2)"#,
        &contents as &[&[u8]],
        &marks as &[&[u8]]
    );
    Ok(found.fetch_all(db).await?)
}

pub async fn insert_traces(db: &mut PgConnection, rows: &[Brought<'_>]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let contents: Vec<_> = rows.iter().map(|row| row.content).collect();
    let marks: Vec<_> = rows.iter().map(|row| row.mark).collect();
    let named: Vec<_> = rows.iter().map(|row| row.named).collect();
    let ids: Vec<_> = rows.iter().map(|row| row.chemical_id).collect();
    sqlx::query!(
        "insert into imported_chemicals (content, mark, named, chemical_id)
        select * from unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::uuid[])
        on conflict on constraint imported_chemicals_pkey
        do update set named = excluded.named, chemical_id = excluded.chemical_id",
        &contents as &[&[u8]],
        &marks as &[&[u8]],
        &named as &[Option<&[u8]>],
        &ids
    )
    .execute(db)
    .await?;
    Ok(())
}
