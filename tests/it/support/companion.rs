//! Processes that end when the tests end, however they end.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// A shell that waits for the end of this process and then cleans up. It notices by its standard
/// input, of which we hold the other end; so it works after `kill -9`, too. It is no member of our
/// process group, so Ctrl-C does not reach it.
pub struct Companion {
    child: Child,
    _held: ChildStdin,
}

impl Companion {
    /// Runs `script` with `arguments` as `$1`, `$2` and so on. The script reads its standard input
    /// until the end, and then cleans up.
    pub fn start(script: &str, arguments: &[&Path], folder: &Path) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", script, "companion"])
            .args(arguments)
            .current_dir("/")
            .env("HOME", folder)
            .env("TMPDIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let held = child.stdin.take().unwrap();
        Self { child, _held: held }
    }

    /// The first line on its standard output in which `find` finds something.
    pub fn wait_for<T>(&mut self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let lines = BufReader::new(self.child.stdout.take()?).lines();
        lines.map_while(Result::ok).find_map(|line| find(&line))
    }
}

/// A folder for this process's things. The companion removes it.
pub fn own_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("fairshift-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
