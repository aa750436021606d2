//! OS locks on small files beside an SQLite database. The kernel lets go of them when a process ends, however it ends, so a
//! free lock proves that its owner is gone.
//!
//! Never used with PostgreSQL, and never the only thing that keeps two writers apart: that is the fence in the database.
//!
//! Begin with [`Host`]; a lock file has the name of the database file with `.proc-…` or `.lease-…` added.

use crate::domain::ids::hex;
use crate::ports::store::{Fence, StoreError, Stored};
use ring::digest::{SHA256, digest};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A lock held by this process until the value is dropped; the file goes with it.
pub(super) struct HostLock {
    path: PathBuf,
    _file: File,
}

impl Drop for HostLock {
    fn drop(&mut self) {
        // Removed while still locked, so that nobody can lock a file that is about to go. A file that stays is harmless:
        // its lock is free, and the next process that looks removes it.
        drop(std::fs::remove_file(&self.path));
    }
}

impl HostLock {
    /// Takes the lock, or gives `None` while somebody else has it.
    pub(super) fn take(path: &Path) -> io::Result<Option<Self>> {
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            private(&mut options);
            let file = options.open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Somebody who found the lock free may have removed the file between our open and our lock.
            if still_there(path, &file)? {
                return Ok(Some(Self { path: path.to_owned(), _file: file }));
            }
        }
    }

    /// Whether a living process holds the lock. A file that nobody holds is removed.
    pub(super) fn is_held(path: &Path) -> io::Result<bool> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {
                drop(Self { path: path.to_owned(), _file: file });
                Ok(false)
            }
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Makes a file that is created through `options` readable by its owner only.
pub(super) fn private(options: &mut OpenOptions) {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    #[cfg(not(unix))]
    let _ = options;
}

#[cfg(unix)]
fn still_there(path: &Path, file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    match std::fs::metadata(path) {
        Ok(there) => Ok(there.ino() == file.metadata()?.ino()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn still_there(_path: &Path, _file: &File) -> io::Result<bool> {
    // An open file cannot be removed there.
    Ok(true)
}

/// The name of `path` with `ending` added (`reanchor.db` -> `reanchor.db.audit-key`).
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn short(text: &str) -> String {
    let mut name = hex(digest(&SHA256, text.as_bytes()).as_ref());
    name.truncate(20);
    name
}

/// The locks of this process beside one database file; without a file (PostgreSQL) it knows nothing.
pub(super) struct Host {
    database: Option<PathBuf>,
    _process: Option<HostLock>,
    leases: Mutex<BTreeMap<(String, i64), HostLock>>,
}

impl Host {
    /// For PostgreSQL.
    pub(super) fn none() -> Self {
        Self { database: None, _process: None, leases: Mutex::default() }
    }

    /// Takes the lock that says that process `instance` lives.
    pub(super) fn beside(database: &Path, instance: &str) -> io::Result<Self> {
        let path = process_file(database, instance);
        let process = HostLock::take(&path)?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::AlreadyExists, "another living process has the same instance id")
        })?;
        Ok(Self { database: Some(database.to_owned()), _process: Some(process), leases: Mutex::default() })
    }

    /// Whether there is a database file.
    pub(super) fn has_files(&self) -> bool {
        self.database.is_some()
    }

    /// Whether the process behind an owner column certainly ended. `false` where that cannot be known.
    pub(super) fn owner_is_dead(&self, owner: &str) -> Stored<bool> {
        let Some(database) = &self.database else { return Ok(false) };
        let instance = owner.split('/').next().unwrap_or(owner);
        HostLock::is_held(&process_file(database, instance)).map(|held| !held).map_err(|e| trouble(&e))
    }

    /// Whether the holder of lease `key` with this number certainly ended. `false` where that cannot be known.
    pub(super) fn holder_is_dead(&self, key: &str, number: i64) -> Stored<bool> {
        let Some(database) = &self.database else { return Ok(false) };
        HostLock::is_held(&lease_file(database, key, number)).map(|held| !held).map_err(|e| trouble(&e))
    }

    /// Takes the OS lock that goes with a new lease; `None` where there are none.
    pub(super) fn lock_lease(&self, key: &str, number: i64) -> Stored<Option<HostLock>> {
        let Some(database) = &self.database else { return Ok(None) };
        HostLock::take(&lease_file(database, key, number)).map_err(|e| trouble(&e))
    }

    /// Keeps the lock of a lease that is ours now.
    pub(super) fn keep(&self, key: &str, number: i64, lock: Option<HostLock>) {
        if let Some(lock) = lock {
            self.leases.lock().unwrap_or_else(PoisonError::into_inner).insert((key.to_owned(), number), lock);
        }
    }

    /// Lets the lock of a lease go.
    pub(super) fn let_go(&self, fence: &Fence) {
        let lock =
            self.leases.lock().unwrap_or_else(PoisonError::into_inner).remove(&(fence.key.clone(), fence.number));
        drop(lock);
    }
}

// The number is in the name, because a holder that let its lease run out may still live and hold its own lock.
fn lease_file(database: &Path, key: &str, number: i64) -> PathBuf {
    beside(database, &format!(".lease-{}-{number}", short(key)))
}

fn process_file(database: &Path, instance: &str) -> PathBuf {
    beside(database, &format!(".proc-{}", short(instance)))
}

fn trouble(error: &io::Error) -> StoreError {
    StoreError::Driver(format!("a lock file beside the database cannot be used: {error}"))
}
