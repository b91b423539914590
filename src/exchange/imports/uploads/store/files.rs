//! The SQL of what imports write beside uploaded lists.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::error::{Error, OnConstraint as _, Result};

/// Whose files, and beside which list.
#[derive(Debug, Clone)]
pub struct Beside {
    pub lab_id: Uuid,
    pub user_id: Uuid,
    pub list: String,
}

/// Name and bytes.
pub type File = (String, Vec<u8>);

pub async fn files(db: &mut PgConnection, beside: &Beside) -> Result<Vec<File>> {
    let files = sqlx::query!(
        r#"select name, string_agg(content, ''::bytea order by at) as "content!" from import_files
        where lab_id = $1 and user_id = $2 and list = $3 group by name"#,
        beside.lab_id,
        beside.user_id,
        beside.list
    );
    Ok(files.fetch_all(db).await?.into_iter().map(|file| (file.name, file.content)).collect())
}

/// The list itself, as the person sent it the last time.
pub async fn find_list(db: &mut PgConnection, beside: &Beside) -> Result<Option<Vec<u8>>> {
    let found = sqlx::query_scalar!(
        "select content from imports i join import_contents c on c.lab_id = i.lab_id and c.import_id = i.id
        where i.lab_id = $1 and i.created_by = $2 and i.list = $3 and i.name = $3 and c.kind = 'list'
        order by i.id desc limit 1",
        beside.lab_id,
        beside.user_id,
        beside.list
    );
    Ok(found.fetch_optional(db).await?)
}

/// Parts of this size can be read alone.
const LONGEST_PART: usize = 1024 * 1024;

/// Adds to a file what begins at this byte.
pub async fn append(
    db: &mut PgConnection,
    beside: &Beside,
    name: &str,
    at: usize,
    content: &[u8],
    now: DateTime<Utc>,
) -> Result<()> {
    let taken = || Error::Unavailable { service: "list", cause: "another run writes the same file".to_owned() };
    for (n, part) in content.chunks(LONGEST_PART).enumerate() {
        let added = sqlx::query!(
            "insert into import_files (lab_id, user_id, list, name, at, content, used_at)
            values ($1, $2, $3, $4, $5, $6, $7)",
            beside.lab_id,
            beside.user_id,
            beside.list,
            name,
            i64::try_from(at + n * LONGEST_PART).unwrap_or(i64::MAX),
            part,
            now
        );
        added.execute(&mut *db).await.on_constraint("import_files_pkey", taken)?;
    }
    Ok(())
}

pub async fn remove(db: &mut PgConnection, beside: &Beside, name: &str) -> Result<()> {
    let removed = sqlx::query!(
        "delete from import_files where lab_id = $1 and user_id = $2 and list = $3 and name = $4",
        beside.lab_id,
        beside.user_id,
        beside.list,
        name
    );
    removed.execute(db).await?;
    Ok(())
}

/// They are kept as long again.
pub async fn touch(db: &mut PgConnection, beside: &Beside, now: DateTime<Utc>) -> Result<()> {
    let touched = sqlx::query!(
        "update import_files set used_at = $4 where lab_id = $1 and user_id = $2 and list = $3",
        beside.lab_id,
        beside.user_id,
        beside.list,
        now
    );
    touched.execute(db).await?;
    Ok(())
}

/// A part of a file.
pub struct Part {
    pub at: i64,
    pub content: Vec<u8>,
    pub is_last: bool,
}

/// The part that begins at this byte or behind it.
pub async fn part(db: &mut PgConnection, beside: &Beside, name: &str, from: i64) -> Result<Option<Part>> {
    let part = sqlx::query_as!(
        Part,
        r#"select at, content, lead(at) over (order by at) is null as "is_last!" from import_files
        where lab_id = $1 and user_id = $2 and list = $3 and name = $4 and at >= $5 order by at limit 1"#,
        beside.lab_id,
        beside.user_id,
        beside.list,
        name,
        from
    );
    Ok(part.fetch_optional(db).await?)
}

/// Some bytes of the rows that the last run refused; empty behind their end.
pub async fn corrections_part(
    db: &mut PgConnection,
    lab_id: Uuid,
    id: Uuid,
    from: i32,
    most: i32,
) -> Result<Option<Vec<u8>>> {
    let part = sqlx::query_scalar!(
        r#"select substring(content from $3 + 1 for $4) as "part!" from import_contents
        where lab_id = $1 and import_id = $2 and kind = 'corrections'"#,
        lab_id,
        id,
        from,
        most
    );
    Ok(part.fetch_optional(db).await?)
}

/// All of lists that no import has used since; says how many parts they had.
pub async fn drop_unused_files(db: &mut PgConnection, before: DateTime<Utc>, most: i64) -> Result<u64> {
    let dropped = sqlx::query!(
        "delete from import_files where (lab_id, user_id, list) in (
            select distinct lab_id, user_id, list from import_files f
            where used_at < $1 and not exists (
                select from import_files other where other.lab_id = f.lab_id and other.user_id = f.user_id
                    and other.list = f.list and other.used_at >= $1
            ) limit $2
        )",
        before,
        most
    );
    Ok(dropped.execute(db).await?.rows_affected())
}
