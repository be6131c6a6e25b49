//! The program itself, run as people run it.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::thread::{self, JoinHandle};

use sqlx::postgres::PgConnectOptions;

use super::companion::{Companion, own_folder};
use super::database::remove_at_the_end;

/// The program with these arguments and none of our environment's settings.
pub fn fairshift(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fairshift"));
    command.args(arguments).stdin(Stdio::null());
    for name in [
        "ALLOW_PRIVATE_ADDRESSES",
        "LISTEN",
        "PUBLIC_URL",
        "DATA_DIR",
        "SECRET_KEY",
        "LOG",
        "MAIL_FROM",
        "SMTP_URL",
        "LOG_FORMAT",
    ] {
        command.env_remove(format!("FAIRSHIFT_{name}"));
    }
    command.env_remove("DATABASE_URL");
    command
}

/// A data folder, removed at the end together with the server on it.
pub struct DataFolder {
    pub path: PathBuf,
    _companion: Companion,
}

impl DataFolder {
    pub fn new(name: &str) -> Self {
        let path = own_folder(name);
        let companion = remove_at_the_end(&path);
        Self {
            path,
            _companion: companion,
        }
    }

    /// What can be started on it: a server that listens on a free port.
    pub fn command(&self) -> Command {
        let mut command = fairshift(&["--listen", "127.0.0.1:0", "--data-dir"]);
        command.arg(&self.path);
        command
    }

    /// A line of the file in which the private server says what it is: 0 its process, 4 its socket's
    /// folder.
    fn server_says(&self, line: usize) -> Option<String> {
        let file = fs::read_to_string(self.path.join("postgres/data/postmaster.pid")).ok()?;
        file.lines().nth(line).map(str::to_owned)
    }

    /// The private server's process, while it runs.
    pub fn postgres(&self) -> Option<String> {
        self.server_says(0)
    }

    /// The folder of the private server's socket, while it runs.
    pub fn socket(&self) -> PathBuf {
        self.server_says(4).unwrap().into()
    }

    /// How to connect to the private server, which only we and its account can read.
    pub fn options(&self) -> PgConnectOptions {
        let folder = self.path.join("postgres");
        PgConnectOptions::new_without_pgpass()
            .socket(&folder)
            .username("fairshift")
            .database("fairshift")
            .password(&fs::read_to_string(folder.join("password")).unwrap())
    }
}

/// A running service.
pub struct Running {
    child: Child,
    log: Option<Lines<BufReader<ChildStderr>>>,
    /// Where it listens, as in `http://127.0.0.1:12345`.
    pub url: String,
}

impl Running {
    /// Starts it and waits until it listens.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = String::new();
        let url = log
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                said.push_str(&line);
                let (_, url) = line.split_once("listening on ")?;
                url.split('"').next().map(str::to_owned)
            })
            .unwrap_or_else(|| panic!("it does not start: {said}"));
        Self {
            child,
            log: Some(log),
            url,
        }
    }

    fn lines(&mut self) -> impl Iterator<Item = String> {
        let log = self.log.iter_mut().flatten();
        log.map_while(Result::ok)
    }

    /// Reads its log from now on, however long it gets, and has it at the end.
    pub fn follow(&mut self) -> JoinHandle<String> {
        let lines = self.log.take().into_iter().flatten();
        thread::spawn(|| lines.map_while(Result::ok).collect::<Vec<_>>().join("\n"))
    }

    /// The next line of its log in which `wanted` occurs.
    pub fn log_line(&mut self, wanted: &str) -> String {
        self.lines()
            .find(|line| line.contains(wanted))
            .expect("a line of the log")
    }

    /// Sends a signal and waits until it is on its way out.
    pub fn stop(mut self, signal: &str) -> Self {
        send(signal, &self.child.id().to_string());
        self.log_line("stopping");
        self
    }

    /// How it ended, which is waited for.
    pub fn ended(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Sends a signal, waits for the end, and returns how it ended and what else it logged.
    pub fn end(mut self, signal: &str) -> (ExitStatus, String) {
        send(signal, &self.child.id().to_string());
        let rest: Vec<String> = self.lines().collect();
        (self.child.wait().unwrap(), rest.join("\n"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process.
pub fn send(signal: &str, process: &str) {
    let sent = Command::new("kill")
        .args([signal, process])
        .status()
        .unwrap();
    assert!(sent.success(), "kill {signal} {process}");
}

/// Whether a process runs. One that has ended may be listed still, when nobody asked how it ended.
pub fn runs(process: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status.contains("State:") && !status.contains("State:\tZ")
}

/// Waits until a process has ended.
pub fn wait_for_end(process: &str) {
    while runs(process) {
        std::thread::yield_now();
    }
}

/// Its standard error, which must be one line.
pub fn one_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "one line: {text}");
    text.trim_end().to_owned()
}
