//! What the disk gives without us: a write and a flush of the same size.

use crate::bench::median;
use anyhow::{Context, Result};
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// Median milliseconds of appending `bytes` to a file in `dir` and flushing it with `fdatasync`.
///
/// # Errors
/// The operating system's.
pub fn fdatasync_ms(dir: &Path, bytes: usize, rounds: usize) -> Result<f64> {
    let path = dir.join("fdatasync");
    let mut file =
        std::fs::File::create(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
    let content = vec![b'x'; bytes];
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begun = Instant::now();
        file.write_all(&content)?;
        file.sync_data()?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    drop(file);
    std::fs::remove_file(&path)?;
    Ok(median(&mut times))
}
