//! What belongs to a lab is kept by lab: its id leads every key, so that rows of two labs never meet in one.

use sqlx::PgPool;

/// Invitations are found by the code or the phone, before the lab is known. A job is the installation's, or a lab's.
const FOUND_WITHOUT_LAB: [&str; 2] = ["invitations", "jobs"];

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn the_lab_leads_every_key_of_a_table_that_has_one(db: PgPool) {
    let others: Vec<String> = sqlx::query_scalar(
        "select i.indexrelid::regclass::text from pg_index i
            join pg_attribute lab on lab.attrelid = i.indrelid and lab.attname = 'lab_id'
            join pg_class t on t.oid = i.indrelid and t.relnamespace = current_schema()::regnamespace
        where i.indisunique and i.indkey[0] <> lab.attnum and t.relname <> all ($1) order by 1",
    )
    .bind(FOUND_WITHOUT_LAB)
    .fetch_all(&db)
    .await
    .expect("an answer");
    assert_eq!(others, Vec::<String>::new());
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_row_of_a_lab_refers_to_rows_of_its_own_lab(db: PgPool) {
    let others: Vec<String> = sqlx::query_scalar(
        "select c.conname::text from pg_constraint c
            join pg_attribute lab on lab.attrelid = c.conrelid and lab.attname = 'lab_id'
            join pg_attribute theirs on theirs.attrelid = c.confrelid and theirs.attname = 'lab_id'
        where c.contype = 'f' and (c.conkey[1] <> lab.attnum or c.confkey[1] <> theirs.attnum) order by 1",
    )
    .fetch_all(&db)
    .await
    .expect("an answer");
    assert_eq!(others, Vec::<String>::new());
}
