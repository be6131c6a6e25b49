//! A database for each test, copied from one that was migrated once.
//!
//! They live on the server of `DATABASE_URL` when it is set, and otherwise on a private server that
//! is started for this process and thrown away with it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use fairshift::db::private::{Durability, Private};
use fairshift::db::{self, MIGRATOR};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::apart;
use super::companion::{Companion, own_folder};

/// A key for the database's own locks, of the tests.
const LOCK: i64 = 0x6661_6972;

/// A database of one test, removed when it is dropped.
pub struct TestDatabase {
    name: String,
    server: &'static Server,
}

impl TestDatabase {
    /// A database with every migration and no rows.
    pub async fn create() -> Self {
        let server = Server::get();
        Self::from_template(server, &server.template).await
    }

    /// A database without anything.
    pub async fn create_empty() -> Self {
        Self::from_template(Server::get(), "template0").await
    }

    async fn from_template(server: &'static Server, template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fairshift_test_{}_{count}", std::process::id());
        let mut connection = server.options.connect().await.unwrap();
        run(
            &mut connection,
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        connection.close().await.unwrap();
        Self { name, server }
    }

    /// How to connect to it.
    pub fn options(&self) -> PgConnectOptions {
        self.server.options.clone().database(&self.name)
    }

    /// Its address, for programs.
    pub fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let options = self.server.options.clone();
        // The test's runtime may be gone or unwinding. A database that stays is swept next time.
        let _ = apart(move || async move {
            if let Ok(mut connection) = options.connect().await {
                let _ = sqlx::query(AssertSqlSafe(drop))
                    .execute(&mut connection)
                    .await;
            }
        });
    }
}

struct Server {
    options: PgConnectOptions,
    template: String,
    // They end with this process.
    _private: Option<(Private, Companion)>,
}

impl Server {
    fn get() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let (options, private) = if let Ok(url) = std::env::var("DATABASE_URL") {
            (url.parse::<PgConnectOptions>().unwrap(), None)
        } else {
            let folder = own_folder("pg");
            let companion = remove_at_the_end(&folder);
            let private = Private::start(&folder, Durability::Throwaway).unwrap();
            let options = private.options().database("postgres");
            (options, Some((private, companion)))
        };
        let server = options.clone();
        let template = apart(move || prepare(server)).unwrap();
        Self {
            options,
            template,
            _private: private,
        }
    }
}

/// Ends the server on this data folder and removes the folder when this process has ended.
pub fn remove_at_the_end(folder: &Path) -> Companion {
    let script = r#"
        while read -r _; do :; done
        file=$1/postgres/data/postmaster.pid
        pid=$(head -n 1 "$file" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null &&
            for _ in $(seq 100); do [ -e "$file" ] && sleep 0.1; done
        rm -rf "$1"
    "#;
    Companion::start(script, &[folder], Path::new("/"))
}

/// Makes the template unless it is there, sweeps what killed runs left, and returns the template.
async fn prepare(options: PgConnectOptions) -> String {
    let mut hasher = DefaultHasher::new();
    for migration in MIGRATOR.iter() {
        (migration.version, &migration.checksum).hash(&mut hasher);
    }
    let template = format!("fairshift_template_{:016x}", hasher.finish());
    let mut connection = options.connect().await.unwrap();
    run(&mut connection, format!("SELECT pg_advisory_lock({LOCK})")).await;
    sweep(&mut connection).await;
    if !databases(&mut connection, &template)
        .await
        .contains(&template)
    {
        let unfinished = format!("{template}_new");
        run(
            &mut connection,
            format!("DROP DATABASE IF EXISTS {unfinished}"),
        )
        .await;
        run(
            &mut connection,
            format!("CREATE DATABASE {unfinished} TEMPLATE template0"),
        )
        .await;
        db::migrate(&options.clone().database(&unfinished))
            .await
            .unwrap();
        run(
            &mut connection,
            format!("ALTER DATABASE {unfinished} RENAME TO {template}"),
        )
        .await;
    }
    connection.close().await.unwrap();
    template
}

/// Removes databases of processes that are gone.
async fn sweep(connection: &mut PgConnection) {
    for name in databases(connection, "fairshift_test_%").await {
        let process = name.split('_').nth(2).unwrap();
        if !Path::new("/proc").join(process).exists() {
            run(
                connection,
                format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            )
            .await;
        }
    }
}

async fn databases(connection: &mut PgConnection, pattern: &str) -> Vec<String> {
    sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname LIKE $1")
        .bind(pattern)
        .fetch_all(connection)
        .await
        .unwrap()
}

async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::query(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}
