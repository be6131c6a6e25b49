//! The database: which one, connections to it, its migrations.
//!
//! With a database URL that one is used. Without, the program runs a PostgreSQL of its own
//! ([`private`]) in its data folder, and stops it again in [`Database::close`].

pub mod private;

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};
use thiserror::Error;

use crate::config::Settings;
use private::{Durability, Private, PrivateError, default_data_dir};

/// The migrations, compiled in.
pub static MIGRATOR: Migrator = sqlx::migrate!();

const CONNECTIONS: u32 = 20;
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(5);

/// Why there is no database to work with. Each says in one line what to do.
#[derive(Debug, Error)]
pub enum DbError {
    /// The private PostgreSQL did not start.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// The database does not answer, or refuses us.
    #[error("can't connect to the database: {}", reason(.0))]
    Connect(sqlx::Error),
    /// A migration failed; nothing of it stays.
    #[error("can't migrate the database: {0}")]
    Migrate(MigrateError),
    /// A newer version of the program has migrated the database already.
    #[error(
        "the database was migrated by a newer version of Fairshift (it has migration {0}); start that version"
    )]
    Newer(i64),
}

/// Why the database is not ready for requests.
#[derive(Debug, Error)]
pub enum NotReady {
    /// No answer within the time a request may wait for a connection.
    #[error("the database does not answer")]
    Unreachable,
    /// A migration has not been applied.
    #[error("the database lacks migration {0}: run `fairshift migrate`")]
    Behind(i64),
}

/// A database with its connections, and the private server if it runs on one.
pub struct Database {
    /// Connections to share.
    pub pool: PgPool,
    private: Option<Private>,
}

impl Database {
    /// Closes the connections and stops the private server. Dropping stops it too, less politely.
    pub async fn close(self) {
        self.pool.close().await;
        if let Some(private) = self.private {
            // Stopping waits for another process.
            let _ = tokio::task::spawn_blocking(move || drop(private)).await;
        }
    }
}

/// Connects to the database of the settings, starting the private PostgreSQL when there is none, and
/// applies the migrations that are missing. Several processes may do this at once.
///
/// `demo` chooses another default data folder, so that a demo never touches real data.
///
/// # Errors
/// When the private server does not start, the database refuses us, or a migration fails.
pub async fn connect(settings: &Settings, demo: bool) -> Result<Database, DbError> {
    let (options, private) = if let Some(url) = &settings.database_url {
        (url.options(), None)
    } else {
        let folder = settings.data_dir.clone();
        let start = move || {
            let folder = folder.map_or_else(|| default_data_dir(demo), Ok)?;
            Private::start(&folder, Durability::Safe)
        };
        let private = tokio::task::spawn_blocking(start)
            .await
            .map_err(|_| PrivateError::Interrupted)??;
        private.create_database().await.map_err(DbError::Connect)?;
        (private.options(), Some(private))
    };
    migrate(&options).await?;
    let pool = pool(options).await.map_err(DbError::Connect)?;
    Ok(Database { pool, private })
}

/// Connects as [`connect`] does, and where a service runs on the data folder already, to its database.
/// For commands that do their work beside it.
///
/// # Errors
/// As [`connect`].
pub async fn connect_beside(settings: &Settings) -> Result<Database, DbError> {
    match connect(settings, false).await {
        Err(DbError::Private(PrivateError::InUse(folder))) => {
            let options = private::running(folder.as_ref())?;
            migrate(&options).await?;
            let pool = pool(options).await.map_err(DbError::Connect)?;
            Ok(Database {
                pool,
                private: None,
            })
        }
        other => other,
    }
}

/// Applies the migrations that are missing, under a lock of the database.
///
/// # Errors
/// When the database refuses us, a migration fails, or the database is newer than the program.
pub async fn migrate(options: &PgConnectOptions) -> Result<(), DbError> {
    // Its own connection: waiting for the lock, or a long migration, may outlast a statement's time.
    let mut connection = named(options.clone())
        .connect()
        .await
        .map_err(DbError::Connect)?;
    // "Already exists, skipping" is no news.
    sqlx::query("SET client_min_messages = warning")
        .execute(&mut connection)
        .await
        .map_err(DbError::Connect)?;
    MIGRATOR
        .run(&mut connection)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(version) => DbError::Newer(version),
            other => DbError::Migrate(other),
        })
}

/// Connections as requests want them: a statement, waiting for a lock or an idle transaction is ended
/// after a while, and the time zone is UTC.
///
/// # Errors
/// When the database refuses the first connection.
pub async fn pool(options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    let options = named(options).options([
        ("timezone", "UTC"),
        ("statement_timeout", "30s"),
        // Longer than whoever holds one computes.
        ("lock_timeout", "15s"),
        ("idle_in_transaction_session_timeout", "60s"),
    ]);
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT_FOR_CONNECTION)
        .connect_with(options)
        .await
}

fn named(options: PgConnectOptions) -> PgConnectOptions {
    options.application_name("fairshift")
}

/// Whether the database answers and has every migration.
///
/// # Errors
/// The reason, fit to be shown.
pub async fn ready(pool: &PgPool) -> Result<(), NotReady> {
    // Not checked at compile time: the table is the migrator's and not in our migrations.
    let applied: BTreeSet<i64> =
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(pool)
            .await
            .or_else(|error| match error {
                // 42P01: no such table, so nothing has been applied.
                sqlx::Error::Database(e) if e.code().as_deref() == Some("42P01") => Ok(vec![]),
                error => {
                    tracing::warn!(%error, "the database does not answer");
                    Err(NotReady::Unreachable)
                }
            })?
            .into_iter()
            .collect();
    match MIGRATOR.iter().find(|m| !applied.contains(&m.version)) {
        None => Ok(()),
        Some(missing) => Err(NotReady::Behind(missing.version)),
    }
}

/// What the server said, without what the driver adds.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        other => other.to_string(),
    }
}
