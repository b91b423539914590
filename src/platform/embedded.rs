//! The Postgres of development: the server itself, compiled to WebAssembly, inside our process. It has one
//! connection, so the pool over it must have one, too.

use std::fmt;
use std::path::Path;

pub use self::server::Embedded;

/// The folder of the database below `DATA_DIR`.
const FOLDER: &str = "postgres";

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("url", &self.url()).finish()
    }
}

#[cfg(feature = "embedded")]
mod server {
    use std::fs;

    use anyhow::{Context, anyhow};
    use oliphaunt_wasix::{AsyncOliphauntServer, DatabaseStorage, Extension, StorageErrorCode};

    use super::{FOLDER, Path};

    /// Runs until `close`, or until it is dropped.
    pub struct Embedded(AsyncOliphauntServer);

    impl Embedded {
        /// Opens the database under `data_dir`, or makes one. The first start of a user unpacks the server into
        /// the user's cache folder (`XDG_CACHE_HOME`), about 100 MB.
        pub async fn start(data_dir: &Path) -> anyhow::Result<Self> {
            let folder = data_dir.join(FOLDER);
            create_private(&folder)
                .with_context(|| format!("cannot create {}; is DATA_DIR writable?", folder.display()))?;
            let server = AsyncOliphauntServer::builder()
                .storage(DatabaseStorage::Directory(folder))
                .extensions([Extension::PG_TRGM, Extension::UNACCENT])
                .start()
                .await;
            server.map(Self).map_err(|error| explain(error, data_dir))
        }

        pub fn url(&self) -> String {
            self.0.connection_string().to_owned()
        }

        /// Close the pool first: to a client that is still there the connection breaks.
        pub async fn close(self) -> anyhow::Result<()> {
            self.0.close().await.context("cannot stop the embedded Postgres")
        }
    }

    fn explain(error: oliphaunt_wasix::Error, data_dir: &Path) -> anyhow::Error {
        let data_dir = data_dir.display();
        if error.storage_error().is_some_and(|error| error.code() == StorageErrorCode::Busy) {
            return anyhow!("another chemstock is using {data_dir}; stop it or set DATA_DIR");
        }
        anyhow::Error::new(error).context(format!(
            "cannot start the embedded Postgres in {data_dir}; set DATABASE_URL to use a server instead"
        ))
    }

    /// The server listens on loopback without a password; its files at least are for the owner only.
    fn create_private(folder: &Path) -> std::io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)
    }
}

#[cfg(not(feature = "embedded"))]
mod server {
    use anyhow::bail;

    use super::{FOLDER, Path};

    /// Cannot be made: this build has no database in it.
    pub enum Embedded {}

    impl Embedded {
        #[expect(clippy::unused_async, reason = "the same signature with and without the feature")]
        pub async fn start(data_dir: &Path) -> anyhow::Result<Self> {
            let folder = data_dir.join(FOLDER);
            bail!("this build cannot open {}: set DATABASE_URL to a Postgres", folder.display());
        }

        pub fn url(&self) -> String {
            match *self {}
        }

        #[expect(clippy::unused_async, reason = "the same signature with and without the feature")]
        pub async fn close(self) -> anyhow::Result<()> {
            match self {}
        }
    }
}

#[cfg(test)]
#[cfg(feature = "embedded")]
mod tests {
    use std::time::Duration;

    use sqlx::PgPool;
    use sqlx::postgres::PgPoolOptions;

    use super::*;

    async fn pool(server: &Embedded) -> PgPool {
        let options = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_mins(1));
        options.connect(&server.url()).await.unwrap()
    }

    #[tokio::test]
    async fn data_outlives_the_server_and_two_servers_do_not_share_it() {
        let data_dir = std::env::temp_dir().join(format!("chemstock-embedded-{}", uuid::Uuid::new_v4()));

        let server = Embedded::start(&data_dir).await.unwrap();
        let second = Embedded::start(&data_dir).await.unwrap_err().to_string();
        assert!(second.starts_with("another chemstock is using"), "{second}");
        let pool_of_one = pool(&server).await;
        for statement in [
            "create extension pg_trgm",
            "create table notes (note text not null)",
            "insert into notes values ('acetone')",
        ] {
            sqlx::query(statement).execute(&pool_of_one).await.unwrap();
        }
        pool_of_one.close().await;
        server.close().await.unwrap();

        let server = Embedded::start(&data_dir).await.unwrap();
        let pool_of_one = pool(&server).await;
        let query = sqlx::query_scalar("select note from notes where similarity(note, 'aceton') > 0.5");
        let note: String = query.fetch_one(&pool_of_one).await.unwrap();
        assert_eq!(note, "acetone");
        pool_of_one.close().await;
        server.close().await.unwrap();

        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(data_dir.join(FOLDER)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        std::fs::remove_dir_all(data_dir).unwrap();
    }
}
