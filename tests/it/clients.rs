//! Real calendar clients, for tests: two Python parsers, and vdirsyncer with khal as the app that
//! somebody subscribes with. They live in a virtual environment in the target folder, made once
//! from `tests/clients/requirements.txt`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::Deserialize;

/// An independent parser.
#[derive(Clone, Copy, Debug)]
pub enum Parser {
    /// Zones by their name, from its own data.
    ICalendar,
    /// Zones by the VTIMEZONE in the feed.
    VObject,
}

impl Parser {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ICalendar, Self::VObject];
}

/// An event as a parser sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SeenEvent {
    pub uid: String,
    pub sequence: u32,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub stamp: DateTime<Utc>,
    pub summary: String,
    pub description: String,
    pub url: String,
    pub status: String,
    pub transparency: String,
}

/// The folder with the clients' programs.
pub fn ensure_clients() -> PathBuf {
    ensure("clients", "requirements.txt")
}

/// The folder with the programs of a virtual environment, made where it's missing or its list
/// changed. Tests of several processes wait for each other here.
fn ensure(name: &str, list: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let (home, lock) = (
        target.join(name),
        File::create(target.join(format!("{name}.lock"))).unwrap(),
    );
    lock.lock().unwrap();
    let wanted = fs::read_to_string(source(list)).unwrap();
    let made = home.join("made-from.txt");
    if fs::read_to_string(&made).is_ok_and(|made| made == wanted) {
        return home.join("bin");
    }
    if home.exists() {
        fs::remove_dir_all(&home).unwrap();
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&home), "");
    let mut install = Command::new(home.join("bin/pip"));
    install.args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    run(install.arg(source(list)), "");
    fs::write(made, wanted).unwrap();
    home.join("bin")
}

/// What `tests/clients/busy.py` says to a list of calendars, in JSON as described there.
pub fn ask_oracle(cases: &serde_json::Value) -> serde_json::Value {
    let mut python = Command::new(ensure("oracle", "oracle.txt").join("python"));
    let said = run(python.arg(source("busy.py")), &cases.to_string());
    serde_json::from_str(&said).unwrap()
}

/// Windows' names for zones, and the IANA names that CLDR gives them.
pub fn windows_zones() -> BTreeMap<String, String> {
    let mut python = Command::new(ensure("oracle", "oracle.txt").join("python"));
    serde_json::from_str(&run(python.arg(source("windows_zones.py")), "")).unwrap()
}

/// The events of a feed, in its order.
pub fn read_with(parser: Parser, feed: &str) -> Vec<SeenEvent> {
    let mut python = Command::new(ensure_clients().join("python"));
    let name = match parser {
        Parser::ICalendar => "icalendar",
        Parser::VObject => "vobject",
    };
    let seen = run(python.arg(source("read.py")).arg(name), feed);
    serde_json::from_str(&seen).unwrap()
}

/// An invitation as icalendar sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SeenInvitation {
    pub method: String,
    pub mime_method: String,
    pub sender: String,
    pub recipient: String,
    pub subject: String,
    pub text: String,
    pub uid: String,
    pub sequence: u32,
    pub status: String,
    pub organizer: String,
    pub attendee: String,
    pub partstat: String,
    pub rsvp: String,
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub summary: String,
    pub description: String,
    pub url: String,
}

/// The invitation in a mail.
pub fn read_invitation(mail: &str) -> SeenInvitation {
    let mut python = Command::new(ensure_clients().join("python"));
    let seen = run(python.arg(source("invitation.py")), mail);
    serde_json::from_str(&seen).unwrap()
}

/// An event as khal lists it. No UID: vdirsyncer gives what it fetches from a feed its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEvent {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub title: String,
    pub description: String,
    pub url: String,
    pub status: String,
}

/// A computer that is subscribed to one feed: vdirsyncer fetches, khal shows. Its home folder goes
/// with it.
pub struct CalendarApp {
    home: PathBuf,
    programs: PathBuf,
}

impl CalendarApp {
    /// Subscribes. Nothing is fetched yet.
    pub fn subscribe(url: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "calendar-app-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let config = home.join(".config");
        let shown = home.display();
        for (file, text) in [
            (
                "vdirsyncer/config",
                format!(
                    include_str!("../clients/vdirsyncer.conf"),
                    home = shown,
                    url = url
                ),
            ),
            (
                "khal/config",
                format!(include_str!("../clients/khal.conf"), home = shown),
            ),
        ] {
            let path = config.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        fs::create_dir_all(home.join("feed")).unwrap();
        Self {
            home,
            programs: ensure_clients(),
        }
    }

    /// Fetches the feed as it is now.
    pub fn sync(&self) {
        run(self.program("vdirsyncer").args(["discover", "feed"]), "");
        run(self.program("vdirsyncer").args(["sync", "feed"]), "");
    }

    /// What khal shows for those days (UTC), by start.
    pub fn list(&self, from: NaiveDate, until: NaiveDate) -> Vec<ListedEvent> {
        let mut khal = self.program("khal");
        khal.args(["list", "--once"]);
        for field in [
            "start-long",
            "end-long",
            "title",
            "description",
            "url",
            "status",
        ] {
            khal.args(["--json", field]);
        }
        let listed = run(khal.args([from.to_string(), until.to_string()]), "");
        let at = |text: &str| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M")
                .unwrap()
                .and_utc()
        };
        // A line for each day, each a list.
        let days = listed
            .lines()
            .map(|day| serde_json::from_str::<Vec<serde_json::Value>>(day).unwrap());
        let events = days.flatten().map(|event| {
            let text = |key: &str| event[key].as_str().unwrap().to_owned();
            ListedEvent {
                start: at(&text("start-long")),
                end: at(&text("end-long")),
                title: text("title"),
                description: text("description"),
                url: text("url"),
                status: text("status"),
            }
        });
        events.collect()
    }

    /// One that sees nothing of the settings of whoever runs the tests.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command
            .env_clear()
            .envs(std::env::vars_os().filter(|(key, _)| key == "PATH"));
        command
            .env("HOME", &self.home)
            .env("LC_ALL", "C.UTF-8")
            .current_dir(&self.home);
        command
    }
}

impl Drop for CalendarApp {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.home));
    }
}

/// One fetch by a new subscriber, and what khal then shows.
pub fn sync_with_vdirsyncer(url: &str, from: NaiveDate, until: NaiveDate) -> Vec<ListedEvent> {
    let app = CalendarApp::subscribe(url);
    app.sync();
    app.list(from, until)
}

fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(file)
}

/// Standard output of a program, which must succeed.
fn run(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{command:?}: {error}; the feed tests need python3 with venv")
        });
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Beside reading, so that neither waits for a full pipe. A program that reads nothing closes it.
    let feeding = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{errors}",
        output.status
    );
    String::from_utf8(output.stdout).unwrap()
}
