//! The data folder: whose it is, who may use it now, and where things are in it.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::{PrivateError, cannot};

/// A Unix socket's path may have 107 bytes, of which PostgreSQL adds these.
const LONGEST_SOCKET_FOLDER: usize = 107 - "/.s.PGSQL.5432".len();

/// The data folder, locked for us.
pub(super) struct Folder {
    root: PathBuf,
    /// Whom the server runs as when it can't be us.
    account: Option<Account>,
    /// Released when dropped, or when we die.
    _lock: File,
}

#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Folder {
    /// Makes the folder when it does not exist, and locks it.
    pub(super) fn open(root: &Path) -> Result<Self, PrivateError> {
        let root = absolute(root).map_err(cannot("tell where the data folder is"))?;
        let name = root.display().to_string();
        let account = if our_user() == Some(0) {
            Some(postgres_account()?)
        } else {
            None
        };
        if !root.exists() {
            fs::create_dir_all(&root).map_err(cannot(format!("create the data folder {name}")))?;
            // The server's account passes through root's folder but can't look around in it.
            let mode = if account.is_some() { 0o711 } else { 0o700 };
            fs::set_permissions(&root, Permissions::from_mode(mode))
                .map_err(cannot(format!("set the permissions of {name}")))?;
        }
        let lock = lock(&root)?;
        let folder = Self {
            root,
            account,
            _lock: lock,
        };
        folder.own(&folder.server())?;
        let reachable = folder
            .command(Path::new("test"))
            .arg("-w")
            .arg(folder.server())
            .status();
        if !reachable.is_ok_and(|status| status.success()) {
            return Err(PrivateError::OutOfReach(name));
        }
        Ok(folder)
    }

    fn server(&self) -> PathBuf {
        self.root.join("postgres")
    }

    pub(super) fn data(&self) -> PathBuf {
        self.server().join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.server().join("log")
    }

    pub(super) fn password(&self) -> PathBuf {
        self.server().join("password")
    }

    /// The folder for the server's socket: ours, or a short one when the path would be too long.
    pub(super) fn socket(&self) -> Result<PathBuf, PrivateError> {
        let server = self.server();
        if server.as_os_str().len() <= LONGEST_SOCKET_FOLDER {
            return Ok(server);
        }
        let digest = Sha256::digest(server.as_os_str().as_encoded_bytes());
        let name = digest
            .iter()
            .take(8)
            .fold(0, |name: u64, &byte| name << 8 | u64::from(byte));
        // Root's runtime folder is closed to the account that the server runs as.
        let base = env::var_os("XDG_RUNTIME_DIR").filter(|_| self.account.is_none());
        let base = base
            .map(PathBuf::from)
            .filter(|folder| folder.is_dir() && folder.as_os_str().len() < 60);
        let folder = base
            .unwrap_or_else(|| "/tmp".into())
            .join(format!("fairshift-{name:016x}"));
        self.own(&folder)?;
        Ok(folder)
    }

    /// Makes a folder of the server's account that nobody else can look into, or checks that it is so.
    fn own(&self, folder: &Path) -> Result<(), PrivateError> {
        let name = folder.display();
        match DirBuilder::new().mode(0o700).create(folder) {
            Ok(()) => return self.give(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(format!("create {name}"))(error)),
        }
        // Not followed if it is a link: in /tmp somebody else could have put it there.
        let found = fs::symlink_metadata(folder).map_err(cannot(format!("read {name}")))?;
        let expected = self.account.map(|account| account.user).or_else(our_user);
        let expected = expected.unwrap_or_else(|| found.uid());
        if found.uid() != expected || !found.is_dir() {
            return Err(PrivateError::OtherOwner {
                folder: name.to_string(),
                owner: found.uid(),
                expected,
            });
        }
        fs::set_permissions(folder, Permissions::from_mode(0o700))
            .map_err(cannot(format!("set the permissions of {name}")))
    }

    fn give(&self, path: &Path) -> Result<(), PrivateError> {
        let Some(account) = self.account else {
            return Ok(());
        };
        chown(path, Some(account.user), Some(account.group)).map_err(cannot(format!(
            "give {} to the account postgres",
            path.display()
        )))
    }

    /// Writes a file that only the server's account can read.
    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), PrivateError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options
            .open(path)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
            })
            .map_err(cannot(format!("write {}", path.display())))?;
        self.give(path)
    }

    /// A program run as the server's account, apart from our terminal and from settings for
    /// PostgreSQL clients.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in
            env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG"))
        {
            command.env_remove(name);
        }
        command
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
        command
    }
}

fn lock(root: &Path) -> Result<File, PrivateError> {
    let path = root.join("lock");
    let what = || cannot(format!("lock {}", path.display()));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(what())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PrivateError::InUse(root.display().to_string())),
        Err(TryLockError::Error(error)) => Err(what()(error)),
    }
}

/// Our user id, where the system has `/proc`.
fn our_user() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|found| found.uid())
}

/// The account that comes with the system's PostgreSQL package.
fn postgres_account() -> Result<Account, PrivateError> {
    let accounts = fs::read_to_string("/etc/passwd").map_err(cannot("read /etc/passwd"))?;
    accounts
        .lines()
        .find_map(account_of)
        .ok_or(PrivateError::NotInstalled)
}

/// Out of `postgres:x:105:113:...`.
fn account_of(line: &str) -> Option<Account> {
    let mut fields = line.strip_prefix("postgres:")?.split(':').skip(1);
    Some(Account {
        user: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

/// Where the data is kept when the settings don't say.
///
/// # Errors
/// When there is no home folder.
pub fn default_data_dir(demo: bool) -> Result<PathBuf, PrivateError> {
    let name = if demo { "fairshift-demo" } else { "fairshift" };
    // Root's home is closed to the account that the server runs as.
    if our_user() == Some(0) {
        return Ok(Path::new("/var/lib").join(name));
    }
    let set = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    set("XDG_DATA_HOME")
        .or_else(|| Some(set("HOME")?.join(".local/share")))
        .map(|base| base.join(name))
        .ok_or(PrivateError::NoHome)
}
