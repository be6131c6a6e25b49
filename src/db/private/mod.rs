//! A PostgreSQL of our own, in the data folder, for installations that have no database server.
//!
//! It listens on a Unix socket only, with a random password: nothing outside this machine, and no
//! other account on it, can reach it. It runs in a session of its own, so Ctrl-C in a terminal
//! reaches us first and we stop it in order. If we are killed it keeps running; the next start on the
//! same folder finds it, stops it and starts it afresh.
//!
//! In the data folder: `lock`, held while we run; `postgres/`, which belongs to the account the server
//! runs as, with `data`, `log`, `password` and the socket.
//!
//! PostgreSQL refuses to run as root, so root runs it as the account `postgres`.

mod binaries;
mod folder;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use thiserror::Error;

use binaries::Binaries;
use folder::Folder;
pub use folder::default_data_dir;

/// The server's administrator and our database bear the same name.
const NAME: &str = "fairshift";

/// What a crash of the machine may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing.
    Safe,
    /// Everything: for tests, which throw it all away. Faster.
    Throwaway,
}

/// Why the private PostgreSQL does not run.
#[derive(Debug, Error)]
#[allow(missing_docs)] // The messages say it.
pub enum PrivateError {
    #[error("PostgreSQL {oldest} or later is not installed: run `sudo apt-get install postgresql` (elsewhere, your system's package), or set DATABASE_URL", oldest = binaries::OLDEST)]
    NotInstalled,
    #[error(
        "{folder} was made by PostgreSQL {made_by}, which is not installed: run `sudo apt-get install postgresql-{made_by}`, or move the data with pg_upgrade"
    )]
    OtherVersion { folder: String, made_by: u32 },
    #[error(
        "another Fairshift runs on the data folder {0}: stop it, or choose another with --data-dir"
    )]
    InUse(String),
    #[error("no home folder to keep the data in: choose a folder with --data-dir")]
    NoHome,
    #[error(
        "the account postgres, which PostgreSQL runs as when root starts it, can't reach {0}: choose a folder outside root's home with --data-dir, such as /var/lib/fairshift"
    )]
    OutOfReach(String),
    #[error(
        "{folder} belongs to user id {owner}, not {expected}: start Fairshift as the same user as before, or choose another folder with --data-dir"
    )]
    OtherOwner {
        folder: String,
        owner: u32,
        expected: u32,
    },
    #[error("PostgreSQL can't prepare its data folder: {0}")]
    Init(String),
    #[error("PostgreSQL does not start: {message} (see {log})")]
    Start { message: String, log: String },
    #[error("can't {what}: {source}")]
    Io { what: String, source: io::Error },
    #[error("the start of PostgreSQL was interrupted")]
    Interrupted,
}

/// Says what could not be done.
fn cannot(what: impl Into<String>) -> impl FnOnce(io::Error) -> PrivateError {
    |source| PrivateError::Io {
        what: what.into(),
        source,
    }
}

/// The running server. Dropping it stops the server.
pub struct Private {
    folder: Folder,
    binaries: Binaries,
    socket: PathBuf,
    password: String,
}

impl Private {
    /// Starts the server on a data folder, which is made when it does not exist. Blocks for a second
    /// or two, longer after a crash.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, or the folder is in use, out of reach, or of another version.
    pub fn start(data_dir: &Path, durability: Durability) -> Result<Self, PrivateError> {
        let folder = Folder::open(data_dir)?;
        let binaries = Binaries::for_data(&folder.data())?;
        let socket = folder.socket()?;
        let password = if folder.data().exists() {
            fs::read_to_string(folder.password())
                .map_err(cannot(format!("read {}", folder.password().display())))?
        } else {
            init(&folder, &binaries, durability)?
        };
        let server = Self {
            folder,
            binaries,
            socket,
            password,
        };
        server.clear_the_way()?;
        server.configure(durability)?;
        server.launch()?;
        Ok(server)
    }

    /// How to connect to our database on it.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        options(&self.socket, &self.password)
    }

    /// Creates our database when it does not exist.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_database(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.options().database("postgres").connect().await?;
        let exists = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
        let exists: bool = sqlx::query_scalar(exists)
            .bind(NAME)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            let create = AssertSqlSafe(format!("CREATE DATABASE {NAME}"));
            sqlx::query(create).execute(&mut connection).await?;
        }
        connection.close().await
    }

    /// The process id of the server, while it runs.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        let file = fs::read_to_string(self.pid_file()).ok()?;
        file.lines().next()?.trim().parse().ok()
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.data().join("postmaster.pid")
    }

    /// Stops a server that outlived us. We hold the folder's lock, so nobody else uses it.
    fn clear_the_way(&self) -> Result<(), PrivateError> {
        let Some(pid) = self.pid() else { return Ok(()) };
        if !Path::new("/proc/self").exists() {
            // Not Linux: PostgreSQL decides for itself.
            return Ok(());
        }
        let data = self.folder.data();
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if command
            .split(|&byte| byte == 0)
            .any(|part| part == data.as_os_str().as_encoded_bytes())
        {
            self.stop();
            return Ok(());
        }
        // It crashed. By now its number may belong to another program, and then PostgreSQL would take
        // these files to be in use and refuse to start.
        for file in [self.pid_file(), self.socket.join(".s.PGSQL.5432.lock")] {
            match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(cannot(format!("remove {}", file.display()))(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes the server's settings. The file is ours: it is written at each start.
    fn configure(&self, durability: Durability) -> Result<(), PrivateError> {
        let socket = self.socket.display().to_string().replace('\'', "''");
        // Errors are ours to log: a statement or a detail could hold what people typed.
        let mut lines = format!(
            "# Written by Fairshift at each start.\n\
             listen_addresses = ''\n\
             port = 5432\n\
             unix_socket_directories = '{socket}'\n\
             unix_socket_permissions = 0700\n\
             max_connections = 100\n\
             shared_buffers = 128MB\n\
             dynamic_shared_memory_type = posix\n\
             timezone = 'UTC'\n\
             log_timezone = 'UTC'\n\
             log_checkpoints = off\n\
             log_error_verbosity = terse\n\
             log_min_error_statement = panic\n"
        );
        if durability == Durability::Throwaway {
            lines += "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nmax_connections = 400\nautovacuum = off\n";
        }
        self.folder
            .write(&self.folder.data().join("postgresql.conf"), &lines)
    }

    fn launch(&self) -> Result<(), PrivateError> {
        let log = self.folder.log();
        let output = self
            .command("pg_ctl")
            .args(["start", "--wait", "--silent", "--timeout=120", "--pgdata"])
            .arg(self.folder.data())
            .arg("--log")
            .arg(&log)
            .output()
            .map_err(cannot("run pg_ctl"))?;
        if output.status.success() {
            return Ok(());
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        let message = text
            .lines()
            .rev()
            .find(|line| line.contains("FATAL") || line.contains("PANIC"));
        let message = message.map_or_else(|| said(&output.stderr), str::to_owned);
        Err(PrivateError::Start {
            message,
            log: log.display().to_string(),
        })
    }

    fn stop(&self) {
        let done = self
            .command("pg_ctl")
            .args([
                "stop",
                "--silent",
                "--mode=fast",
                "--timeout=60",
                "--pgdata",
            ])
            .arg(self.folder.data())
            .output();
        match done {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                tracing::warn!(reason = said(&output.stderr), "PostgreSQL was not stopped");
            }
            Err(error) => tracing::warn!(%error, "PostgreSQL was not stopped"),
        }
    }

    fn command(&self, program: &str) -> Command {
        self.folder.command(&self.binaries.path(program))
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        if self.pid().is_some() {
            self.stop();
        }
    }
}

fn options(socket: &Path, password: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(5432)
        .username(NAME)
        .password(password)
        .database(NAME)
}

/// How to connect to the server that another process of ours runs on this data folder.
///
/// # Errors
/// When its files can't be read, because it is just starting or stopping, or belongs to somebody else.
pub fn running(data_dir: &Path) -> Result<PgConnectOptions, PrivateError> {
    let server = data_dir.join("postgres");
    let read = |name: &str| {
        let file = server.join(name);
        fs::read_to_string(&file).map_err(cannot(format!("read {}", file.display())))
    };
    let password = read("password")?;
    // The fifth line names the socket's folder.
    let file = read("data/postmaster.pid")?;
    let socket = file.lines().nth(4).unwrap_or_default();
    Ok(options(Path::new(socket), &password))
}

/// Makes the server's data, in one step as seen from outside, and returns its password.
fn init(
    folder: &Folder,
    binaries: &Binaries,
    durability: Durability,
) -> Result<String, PrivateError> {
    let unfinished = folder.data().with_extension("new");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(cannot("remove an unfinished data folder"))?;
    }
    let password = format!(
        "{:032x}{:032x}",
        rand::random::<u128>(),
        rand::random::<u128>()
    );
    folder.write(&folder.password(), &password)?;
    let mut initdb = folder.command(&binaries.path("initdb"));
    initdb
        .args([
            "--username",
            NAME,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
        ])
        .args(["--locale-provider=libc", "--locale=C.UTF-8"])
        .arg("--pwfile")
        .arg(folder.password())
        .arg("--pgdata")
        .arg(&unfinished);
    if durability == Durability::Throwaway {
        initdb.arg("--no-sync");
    }
    let output = initdb.output().map_err(cannot("run initdb"))?;
    if !output.status.success() {
        return Err(PrivateError::Init(said(&output.stderr)));
    }
    fs::rename(&unfinished, folder.data()).map_err(cannot("put the data folder in place"))?;
    Ok(password)
}

/// The last line that a program said.
fn said(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    text.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it gave no reason")
        .to_owned()
}
