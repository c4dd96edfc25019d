//! Where outcomes, certificates and proofs come from: the ledger's folder, or a server. What a server says is
//! held against the certificate, and against what the Anchor holds, before a transaction is made of it.

use super::{Found, not_certified};
use crate::desk::remote::{Remote, differs};
use crate::desk::{DeskArgs, ReaderArgs};
use crate::fault::{Kind, told};
use crate::folder::memory::check_holds;
use crate::folder::{Folder, latest_certificate, latest_leaving};
use crate::key::KeyRef;
use crate::records;
use crate::shell::Shell;
use crate::words;
use anyhow::{Context, Result};
use lockstep_client::Client;
use lockstep_crypto::tree::{self, Hashes, TreeHead, verify_consistency, verify_inclusion};
use lockstep_kernel::outcome;
use lockstep_ledger::log::{LogHead, TileHashes, TilePath};
use lockstep_ledger::note::Note;
use lockstep_ledger::{Certificate, Committee, Record, Tag};
use lockstep_node::Replica;
use lockstep_types::{CaseId, Digest, LedgerId, RootHash};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The ledger's side of outcomes.
pub(super) enum Books {
    Folder(Folder, Box<Replica>),
    Server(Box<Remote>),
}

impl Books {
    /// The folder, or the server as one key sees it.
    pub(super) fn open(shell: &mut Shell, desk: &DeskArgs, reader: &ReaderArgs) -> Result<Self> {
        Self::open_as(shell, desk, reader.key())
    }

    /// The same, for whoever names one key for everything.
    pub(super) fn open_as(shell: &mut Shell, desk: &DeskArgs, key: Option<&KeyRef>) -> Result<Self> {
        if let Some(remote) = desk.server(shell, key)? {
            return Ok(Self::Server(Box::new(remote)));
        }
        let folder = Folder::open(desk.dir()?)?;
        let replica = folder.replica()?;
        Ok(Self::Folder(folder, Box::new(replica)))
    }

    /// A case, by the letters its id begins with.
    pub(super) fn case_id(&self, prefix: &str) -> Result<CaseId> {
        match self {
            Self::Folder(_, replica) => words::case(replica, prefix),
            Self::Server(remote) => remote.case_id(prefix),
        }
    }

    /// The ledger.
    pub(super) fn ledger(&self) -> Result<LedgerId> {
        match self {
            Self::Folder(_, replica) => replica.ledger().id().context("the ledger has not begun"),
            Self::Server(remote) => Ok(remote.ledger()),
        }
    }

    /// The number of the committee in force; on a server, of the one to which handovers lead.
    pub(super) fn epoch(&self) -> Result<Option<u64>> {
        match self {
            Self::Folder(_, replica) => Ok(replica.kernel().committee().map(Committee::epoch)),
            Self::Server(remote) => Ok(Some(remote.client().committee()?.epoch())),
        }
    }

    /// What a case unlocks, in the order of the log.
    pub(super) fn outcomes(&self, case: CaseId) -> Result<Vec<Found>> {
        match self {
            Self::Folder(_, replica) => {
                let records = records::of_case(replica, case)?.into_iter();
                let of_outcomes = records.filter(|(_, record)| record.tag() == Tag::Outcome);
                of_outcomes.map(|(index, record)| found(index, record)).collect()
            }
            Self::Server(remote) => {
                let rows = remote.outcomes(case)?;
                let all: Vec<Found> =
                    rows.into_iter().map(|row| found(row.index, row.record)).collect::<Result<_>>()?;
                let ids = (remote.ledger().0, case.0);
                let strange = |found: &&Found| (found.body.ledger.0, found.body.caseId.0) != ids;
                match all.iter().find(strange) {
                    Some(found) => {
                        Err(differs(format!("record {} is no outcome of case `{case}`", found.index)))
                    }
                    None => Ok(all),
                }
            }
        }
    }

    /// The newest certificate.
    pub(super) fn certificate(&self) -> Result<Option<Certificate>> {
        match self {
            Self::Folder(_, replica) => latest_certificate(replica),
            Self::Server(remote) => remote.certificate(),
        }
    }

    /// The newest certificate, if it covers these outcomes.
    pub(super) fn covering(&self, found: &[Found]) -> Result<Certificate> {
        let last = found.last().map_or(0, |found| found.index);
        match self.certificate()? {
            Some(certificate) if certificate.size > last => Ok(certificate),
            _ => Err(not_certified(format!("no certificate covers record {last} yet"))),
        }
    }

    /// The latest certificate of the committee of an epoch, which an Anchor still goes by; it must cover the
    /// outcomes.
    pub(super) fn covering_in(&self, epoch: u64, found: &[Found]) -> Result<Certificate> {
        let last = found.last().map_or(0, |found| found.index);
        let Self::Folder(folder, _) = self else {
            let text = format!("the Anchor goes by epoch {epoch}, whose later certificates no server tells");
            return Err(told(Kind::Conflict, "not-certified", text)
                .hint("submit from the ledger's folder, or once the Anchor's notice is over")
                .into());
        };
        match latest_leaving(folder.dir(), epoch)? {
            Some(certificate) if certificate.size > last => Ok(certificate),
            _ => {
                let text = format!(
                    "no certificate of epoch {epoch} covers record {last}, and the Anchor takes no other"
                );
                let hint = "co-signers of that epoch run `lockstep cosign DIR --key KEY --leaving`; `lockstep \
                            chain rotate` shows the rotation, which is in force after the Anchor's notice";
                Err(told(Kind::Conflict, "not-certified", text).hint(hint).into())
            }
        }
    }

    /// That an outcome stands in the log with this head.
    pub(super) fn inclusion(&self, found: &Found, head: TreeHead) -> Result<Vec<Digest>> {
        let Self::Server(remote) = self else {
            let Self::Folder(_, replica) = self else { return Ok(Vec::new()) };
            return Ok(tree::inclusion_proof(&replica.hashes(), found.index, head.size)?);
        };
        let tiles = Tiles::of(remote.client())?;
        let path = tree::inclusion_proof(&tiles.hashes(), found.index, head.size)?;
        let leaf = found.record.leaf_hash();
        verify_inclusion(leaf, found.index, &path, head)
            .map_err(|_| differs(format!("record {} does not stand in the certified log", found.index)))?;
        Ok(path)
    }

    /// That the log of a certificate goes on from one of this size; its root, where the caller has it from
    /// elsewhere.
    pub(super) fn consistency(
        &self,
        (old, root): (u64, Option<RootHash>),
        certificate: &Certificate,
    ) -> Result<Vec<Digest>> {
        let Self::Server(remote) = self else {
            let Self::Folder(_, replica) = self else { return Ok(Vec::new()) };
            return Ok(tree::consistency_proof(&replica.hashes(), old, certificate.size)?);
        };
        let tiles = Tiles::of(remote.client())?;
        let hashes = tiles.hashes();
        let proof = tree::consistency_proof(&hashes, old, certificate.size)?;
        let root = match root {
            Some(root) => root,
            None => {
                lockstep_ledger::log::log_root(&hashes, old).context("a tile that is needed is not there")?
            }
        };
        let new = TreeHead { size: certificate.size, root: certificate.root };
        verify_consistency(TreeHead { size: old, root }, new, &proof).map_err(|_| {
            let text =
                format!("the certified log does not go on from that of {old} records which is anchored");
            anyhow::Error::from(
                told(Kind::Conflict, "other-history", text).hint("keep both signed heads: they are evidence"),
            )
        })?;
        Ok(proof)
    }

    /// Stops unless the ledger's log extends the head that an Anchor holds.
    pub(super) fn check_holds(&self, (size, root): (u64, RootHash)) -> Result<()> {
        match self {
            Self::Folder(_, replica) => check_holds(replica, (size, root), "the Anchor"),
            Self::Server(_) => {
                let certificate = self.certificate()?.filter(|certificate| certificate.size >= size);
                let certificate = certificate.ok_or_else(|| {
                    let text =
                        format!("the Anchor holds {size} records, the server's newest certificate fewer");
                    told(Kind::Conflict, "anchored", text).hint("ask a server that is not behind")
                })?;
                self.consistency((size, Some(root)), &certificate).map(drop)
            }
        }
    }
}

fn found(index: u64, record: Record) -> Result<Found> {
    let body = outcome::decode(record.body()).map_err(anyhow::Error::msg)?;
    Ok(Found { index, record, body })
}

/// The tiles of a server's log. None is trusted: what is made of them is held against signed heads.
struct Tiles<'a> {
    client: &'a Client,
    size: u64,
    read: RefCell<BTreeMap<TilePath, Option<Vec<u8>>>>,
}

impl<'a> Tiles<'a> {
    /// As far as the log's own head says that they reach.
    fn of(client: &'a Client) -> Result<Self> {
        let bytes = client.log_checkpoint()?;
        let head: LogHead = Note::parse(&bytes)?.text().parse()?;
        Ok(Self { client, size: head.size(), read: RefCell::default() })
    }

    fn hashes(&self) -> impl Hashes + '_ {
        TileHashes::new(self.size, |path: &TilePath| {
            let known = self.read.borrow().get(path).cloned();
            known.unwrap_or_else(|| {
                let bytes = self.client.tile(path).ok().flatten();
                self.read.borrow_mut().insert(*path, bytes.clone());
                bytes
            })
        })
    }
}
