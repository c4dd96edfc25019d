//! What the disk gives without us: a write and a flush of the same size. And tiles of the log on it.

use crate::bench::median;
use anyhow::{Context, Result};
use lockstep_ledger::log::TilePath;
use lockstep_node::TileFiles;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
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

/// Tiles below a folder. A file appears whole or not at all.
pub(crate) struct TilesInFolder {
    dir: PathBuf,
}

impl TilesInFolder {
    /// Tiles below `dir`, in `dir/tile`.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }
}

impl TileFiles for TilesInFolder {
    fn read(&self, path: &TilePath) -> Option<Vec<u8>> {
        std::fs::read(self.dir.join(path.to_string())).ok()
    }

    fn write(&self, path: &TilePath, bytes: &[u8]) -> io::Result<()> {
        let target = self.dir.join(path.to_string());
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let beside = self.dir.join("tile.new");
        std::fs::write(&beside, bytes)?;
        std::fs::rename(&beside, &target)
    }
}
