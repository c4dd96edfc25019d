//! The one place where time, randomness and files come from the operating system.

use crate::fault::{Kind, told};
use anyhow::{Context, Result};
use lockstep_types::Time;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::signal::unix::{SignalKind, signal};

/// Longest file that a person hands in as a document, a policy or a list.
pub const FILE_BYTES_MAX: u64 = 64 * 1_048_576;
/// Longest key, passphrase or configuration file.
pub const SMALL_FILE_BYTES_MAX: u64 = 65_536;

/// This machine's clock.
pub fn now() -> Result<Time> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).context("this clock stands before 1970")?;
    let ms = u64::try_from(since.as_millis()).context("this clock stands too far ahead")?;
    Ok(Time::from_ms(ms)?)
}

/// Asks the kernel for small pages only: the allocator's large ones stay resident for the little that is
/// still used of them (docs/decisions/2026-11-27-small-pages.md).
pub fn without_huge_pages() {
    // Where the kernel knows nothing of it, there is nothing to switch off.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// 32 random bytes.
pub fn random32() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the operating system gives no randomness")?;
    Ok(bytes)
}

/// Randomness where no error can be returned: a machine without any must not go on.
pub fn seed() -> [u8; 32] {
    random32().unwrap_or_else(|error| panic!("{error:#}"))
}

/// A file of at most `bytes_max` bytes.
pub fn read(path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    read_open(file, path, bytes_max)
}

fn read_open(file: File, path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let limited = file.take(bytes_max + 1).read_to_end(&mut bytes);
    limited.with_context(|| format!("cannot read `{}`", path.display()))?;
    if bytes.len() as u64 > bytes_max {
        let text = format!("`{}` is longer than {bytes_max} bytes", path.display());
        return Err(told(Kind::Invalid, "file-too-long", text).into());
    }
    Ok(bytes)
}

/// A file that only its owner can read or write; others are refused, since anybody may have it by now.
pub fn read_private(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let mode =
        file.metadata().with_context(|| format!("cannot measure `{}`", path.display()))?.permissions().mode();
    if mode & 0o077 != 0 {
        let text = format!("`{}` has mode {:04o}, expected 0600", path.display(), mode & 0o7777);
        let hint = format!("run `chmod 600 {}`, and think of who may have read it", path.display());
        return Err(told(Kind::Invalid, "file-permissions", text).hint(hint).into());
    }
    read_open(file, path, SMALL_FILE_BYTES_MAX)
}

/// Makes a file that only its owner can read; one that exists is never overwritten.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot make `{}`", path.display()))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

/// Opens a file that only its owner can read, to write at its end; it is made if it is not there.
pub fn append_private(path: &Path) -> Result<File> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    file.with_context(|| format!("cannot open `{}`", path.display()))
}

/// Ends at Ctrl-C or SIGTERM. To be asked for within a runtime.
pub fn asked_to_end() -> Result<impl Future<Output = ()>> {
    let mut interrupted = signal(SignalKind::interrupt()).context("cannot wait for Ctrl-C")?;
    let mut terminated = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Becomes true at Ctrl-C or SIGTERM, for loops without a runtime.
pub fn ended_flag() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let (told, runtime) =
        (Arc::clone(&flag), tokio::runtime::Builder::new_current_thread().enable_all().build());
    let runtime = runtime.context("cannot wait for Ctrl-C")?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            if let Ok(until) = asked_to_end() {
                until.await;
            }
        });
        told.store(true, Ordering::Relaxed);
    });
    Ok(flag)
}

/// Replaces a file as a whole: written beside it, flushed, renamed.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = with_suffix(path, ".new");
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    });
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

/// As [`write_atomic`], and makes the folder if it is not there.
pub fn write_with_folder(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make `{}`", parent.display()))?;
    }
    write_atomic(path, bytes)
}

/// The same, of a file that only its owner can read; it is there after a loss of power, too.
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = with_suffix(path, ".new");
    let mut options = OpenOptions::new();
    let made = options.write(true).create(true).truncate(true).mode(0o600).open(&beside);
    let written = made.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    });
    written.with_context(|| format!("cannot write `{}`", path.display()))
}

/// A folder that only its owner can enter; one that is there has to be such.
pub fn private_folder(path: &Path) -> Result<()> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make `{}`", path.display()))?;
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot measure `{}`", path.display()))?;
    let mode = metadata.permissions().mode();
    if mode & 0o077 != 0 {
        let text = format!("`{}` has mode {:04o}, expected 0700", path.display(), mode & 0o7777);
        let hint = format!("run `chmod 700 {}`, and think of who may have read it", path.display());
        return Err(told(Kind::Invalid, "file-permissions", text).hint(hint).into());
    }
    Ok(())
}

/// `path` with more letters at its end.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
