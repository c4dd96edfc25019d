//! Tiles of the log as files, at the paths that C2SP clients ask for.

use lockstep_ledger::log::TilePath;
use lockstep_node::TileFiles;
use std::io;
use std::path::{Path, PathBuf};

/// Tiles below a folder. A file appears whole or not at all; one that is lost is made again from the store.
#[derive(Debug)]
pub struct TilesOnDisk {
    dir: PathBuf,
}

impl TilesOnDisk {
    /// Tiles below `dir`, in `dir/tile`.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }
}

impl TileFiles for TilesOnDisk {
    fn read(&self, path: &TilePath) -> Option<Vec<u8>> {
        std::fs::read(self.dir.join(path.to_string())).ok()
    }

    fn write(&self, path: &TilePath, bytes: &[u8]) -> io::Result<()> {
        let target = self.dir.join(path.to_string());
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let beside = crate::os::with_suffix(&target, ".new");
        std::fs::write(&beside, bytes)?;
        std::fs::rename(&beside, &target)
    }
}
