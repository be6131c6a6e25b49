//! Finding an installed PostgreSQL.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{PrivateError, cannot};

/// The oldest major version that will do.
pub(super) const OLDEST: u32 = 15;

/// The folder with one version's programs.
pub(super) struct Binaries(PathBuf);

impl Binaries {
    /// The programs that fit the data: of the very version that made it, or the newest when there is
    /// none yet.
    pub(super) fn for_data(data: &Path) -> Result<Self, PrivateError> {
        let mut found = installed();
        found.sort_by_key(|(version, _)| *version);
        let chosen = if data.exists() {
            let made_by = made_by(data)?;
            found
                .into_iter()
                .find(|(version, _)| *version == made_by)
                .ok_or_else(|| PrivateError::OtherVersion {
                    folder: data.display().to_string(),
                    made_by,
                })
        } else {
            found.pop().ok_or(PrivateError::NotInstalled)
        };
        chosen.map(|(_, folder)| Self(folder))
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }
}

fn made_by(data: &Path) -> Result<u32, PrivateError> {
    let file = data.join("PG_VERSION");
    let what = || cannot(format!("read the version in {}", file.display()));
    let text = fs::read_to_string(&file).map_err(what())?;
    text.trim()
        .parse()
        .map_err(|_| what()(std::io::ErrorKind::InvalidData.into()))
}

/// Complete installations with their major versions: on the search path, and where Debian keeps them.
fn installed() -> Vec<(u32, PathBuf)> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    env::split_paths(&path)
        .chain(debian.map(|entry| entry.path().join("bin")))
        .filter(|folder| {
            ["initdb", "pg_ctl", "postgres"]
                .iter()
                .all(|p| folder.join(p).is_file())
        })
        .filter_map(|folder| Some((major(&folder)?, folder)))
        .filter(|(version, _)| *version >= OLDEST)
        .collect()
}

/// Out of `postgres (PostgreSQL) 15.14 (Debian ...)`.
fn major(folder: &Path) -> Option<u32> {
    let output = Command::new(folder.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().nth(2)?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
