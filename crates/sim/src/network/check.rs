//! What must hold at the end, read from the folders that the processes left.

use super::town::{Cosigner, Town};
use crate::sim::check;
use anyhow::{Context, Result, ensure};
use lockstep_crypto::tree::Frontier;
use lockstep_ledger::{Certificate, Committee};
use lockstep_node::replica::record;
use lockstep_store::{Embedded, SignerState, Store};
use lockstep_types::{LeafHash, LedgerId, RootHash};

/// A ledger as it lies in a folder.
pub struct Lies {
    leaves: Vec<LeafHash>,
    /// The root at every size, from 0.
    roots: Vec<RootHash>,
    /// Sizes that have a certificate.
    pub certified: Vec<u64>,
}

impl Lies {
    /// Reads a folder: every byte is checked, no attestation stands twice, and every certificate verifies
    /// over the root of its size.
    ///
    /// # Errors
    /// Something of that does not hold.
    pub fn read(town: &Town, folder: &str, (ledger, committee): (&LedgerId, &Committee)) -> Result<Self> {
        let store = Embedded::open(&town.path(folder).join("store"))?;
        store.check().with_context(|| format!("`{folder}` is damaged"))?;
        let records = check::records_of(&store).map_err(anyhow::Error::msg)?;
        check::once(&records).map_err(anyhow::Error::msg)?;
        let mut lies = Self { leaves: Vec::new(), roots: Vec::new(), certified: Vec::new() };
        let mut frontier = Frontier::default();
        lies.roots.push(frontier.root());
        for (index, stored) in (0..).zip(&records) {
            let leaf = record(index, stored)?.leaf_hash();
            frontier.push(leaf);
            lies.leaves.push(leaf);
            lies.roots.push(frontier.root());
            let Some(bytes) = store.certificate(index + 1)? else { continue };
            let certificate = Certificate::from_bytes(&bytes)?;
            let checkpoint =
                certificate.verify(ledger, committee).context("a certificate does not verify")?;
            let is_so = checkpoint.size == index + 1 && checkpoint.root == frontier.root();
            ensure!(is_so, "the certificate for {} records in `{folder}` has another root", index + 1);
            lies.certified.push(index + 1);
        }
        Ok(lies)
    }

    /// Records.
    pub fn size(&self) -> usize {
        self.leaves.len()
    }

    /// Everything acknowledged is there.
    ///
    /// # Errors
    /// Something is not.
    pub fn hold(&self, acknowledged: &[(u64, LeafHash)]) -> Result<()> {
        for (index, leaf) in acknowledged {
            let found = usize::try_from(*index).ok().and_then(|at| self.leaves.get(at));
            ensure!(found == Some(leaf), "record {index} was acknowledged as `{leaf}`, found {found:?}");
        }
        Ok(())
    }

    /// What a co-signer has, and what it remembers having signed, is of this history.
    ///
    /// # Errors
    /// It is not.
    pub fn agree(&self, town: &Town, cosigner: &Cosigner) -> Result<()> {
        let (own, memory) = cosigner.places();
        let store = Embedded::open(&town.path(&own).join("store"))?;
        let records = check::records_of(&store).map_err(anyhow::Error::msg)?;
        for (index, stored) in (0..).zip(&records) {
            let leaf = record(index, stored)?.leaf_hash();
            let found = usize::try_from(index).ok().and_then(|at| self.leaves.get(at));
            ensure!(found == Some(&leaf), "record {index} is another one in `{own}`");
        }
        let (size, root) =
            SignerState::open(&town.path(&memory))?.last().with_context(|| format!("`{memory}` is empty"))?;
        let found = usize::try_from(size).ok().and_then(|size| self.roots.get(size));
        ensure!(found == Some(&root), "`{memory}` has signed another root for {size} records");
        Ok(())
    }
}
