//! What the doctor says of codes that an earlier version has left for a person to settle.

use chemstock::doctor::Level;
use sqlx::PgPool;

use super::{has, look, of, url};

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn a_place_that_lost_its_code_to_a_bottle_is_told(db: PgPool) {
    let rows = "
        insert into labs (id, name, created_at, updated_at)
            values ('01900000-0000-7000-8000-000000000001', 'Lab', now(), now());
        insert into locations (id, lab_id, kind, name, code, created_at, updated_at) values
            ('01900000-0000-7000-8000-000000000005', '01900000-0000-7000-8000-000000000001', 'room', 'Store', '00000001Y', now(), now());
        insert into renamed_codes (lab_id, location_id, old_code, new_code) values
            ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000005', 'R-214', '00000001Y');";
    sqlx::raw_sql(rows).execute(&db).await.unwrap();
    let url = url(&db.connect_options());
    let vars = [("DATABASE_URL", url.as_str())];
    has(Level::Warning, "codes", "the location Store had the code R-214", &look(&vars).await);
    sqlx::query("update locations set code = 'R-215'").execute(&db).await.unwrap();
    assert!(of("codes", &look(&vars).await).is_empty());
    sqlx::query("update locations set code = '00000001Y', closed_at = now()").execute(&db).await.unwrap();
    assert!(of("codes", &look(&vars).await).is_empty());
    // Told before the migrations that let places be closed and name the lab, too.
    let before = "drop trigger locations_closed on locations; alter table locations drop column closed_at; alter table renamed_codes drop column lab_id";
    sqlx::raw_sql(before).execute(&db).await.unwrap();
    has(Level::Warning, "codes", "the location Store had the code R-214", &look(&vars).await);
}

#[sqlx::test(migrator = "chemstock::platform::app::MIGRATIONS")]
async fn codes_from_the_time_when_each_spelling_was_one_are_told(db: PgPool) {
    let rows = "insert into labs (id, name, created_at, updated_at) select gen_random_uuid(), 'Old lab', now(), now();
        insert into codes (lab_id, canonical, spelling, code, container_id) select id, 'B1', '', 'B-1', id from labs;
        insert into codes (lab_id, canonical, spelling, code, container_id) select id, 'B1', 'b 1', 'b 1', id from labs;";
    sqlx::raw_sql(rows).execute(&db).await.unwrap();
    let findings = look(&[("DATABASE_URL", &url(&db.connect_options()))]).await;
    has(Level::Warning, "codes", "in the lab Old lab the codes b 1 and B-1 differ in case", &findings);
}
