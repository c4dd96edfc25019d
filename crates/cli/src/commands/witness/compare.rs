//! Whether signed heads are of one history: each is held against the log's signed head by the hashes of the
//! log's tiles. The tiles are believed nothing: they lead from one signed root to another, or they do not.

use lockstep_crypto::tree::{Hashes, TreeHead, consistency_proof, verify_consistency};
use lockstep_ledger::log::log_root;
use lockstep_types::{Digest, RootHash};
use serde_json::{Value, json};

/// A head, and who answers for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Who: the log, a co-signer's address, the certificate, an Anchor.
    pub by: String,
    /// Records.
    pub size: u64,
    /// Root of the log.
    pub root: RootHash,
    /// What was signed, as it was handed out.
    pub signed: Value,
}

/// What a comparison says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// One history.
    Agree,
    /// Two roots for one size.
    TwoRoots(Box<[Head; 2]>),
    /// The later head has grown from another log than the earlier one; `root` is the root that the later
    /// one's history has at the earlier one's size, and `proof` leads from it to the later one's.
    OtherHistory {
        /// The later and the earlier head.
        heads: Box<[Head; 2]>,
        /// The root that the later one's history has there.
        root: RootHash,
        /// The consistency proof (RFC 6962).
        proof: Vec<Digest>,
    },
    /// The log shows less than somebody has signed.
    Less(Box<[Head; 2]>),
    /// The tiles do not give the root that the log's key has signed.
    Tiles(Box<Head>),
    /// A tile that is needed is not there.
    NoTile,
}

/// Compares every head with all others of its size, and with the log's signed head `log`.
pub fn compare(log: &Head, heads: &[Head], hashes: &impl Hashes) -> Compared {
    let all: Vec<&Head> = std::iter::once(log).chain(heads).collect();
    for (at, one) in all.iter().enumerate() {
        let other = all.iter().skip(at).find(|other| other.size == one.size && other.root != one.root);
        if let Some(other) = other {
            return Compared::TwoRoots(Box::new([(*one).clone(), (*other).clone()]));
        }
    }
    match log_root(hashes, log.size) {
        None => return Compared::NoTile,
        Some(root) if root != log.root => return Compared::Tiles(Box::new(log.clone())),
        Some(_) => {}
    }
    let mut less = None;
    for head in heads.iter().filter(|head| head.size != log.size) {
        if head.size > log.size {
            less = Some(Compared::Less(Box::new([log.clone(), head.clone()])));
            continue;
        }
        match earlier(log, head, hashes) {
            Compared::Agree => {}
            found => return found,
        }
    }
    less.unwrap_or(Compared::Agree)
}

/// Holds an earlier head against the log.
fn earlier(log: &Head, head: &Head, hashes: &impl Hashes) -> Compared {
    let (Some(root), Ok(proof)) =
        (log_root(hashes, head.size), consistency_proof(hashes, head.size, log.size))
    else {
        return Compared::NoTile;
    };
    let (old, new) = (TreeHead { size: head.size, root }, TreeHead { size: log.size, root: log.root });
    if verify_consistency(old, new, &proof).is_err() {
        return Compared::Tiles(Box::new(log.clone()));
    }
    if root == head.root {
        return Compared::Agree;
    }
    Compared::OtherHistory { heads: Box::new([log.clone(), head.clone()]), root, proof }
}

impl Compared {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Agree => "agree",
            Self::TwoRoots(_) | Self::OtherHistory { .. } => "two-histories",
            Self::Less(_) => "rolled-back",
            Self::Tiles(_) => "tiles-differ",
            Self::NoTile => "cannot-tell",
        }
    }

    /// What a third party can check again; none when there is nothing to show.
    pub fn evidence(&self) -> Option<Value> {
        let (heads, more) = match self {
            Self::Agree | Self::NoTile => return None,
            Self::TwoRoots(heads) | Self::Less(heads) => (heads.to_vec(), None),
            Self::Tiles(head) => (vec![(**head).clone()], None),
            Self::OtherHistory { heads, root, proof } => {
                (heads.to_vec(), Some(json!({ "proof": proof, "root": root })))
            }
        };
        let heads: Vec<Value> = heads.iter().map(Head::in_full).collect();
        Some(json!({ "answer": self.code(), "grown": more, "heads": heads }))
    }

    /// For people.
    pub fn text(&self) -> String {
        let pair = |heads: &[Head; 2]| heads.each_ref().map(Head::text).join("\n");
        match self {
            Self::Agree => "one history".to_owned(),
            Self::TwoRoots(heads) => format!("two roots for one size:\n{}", pair(heads)),
            Self::OtherHistory { heads, root, .. } => {
                let at = heads[1].size;
                format!(
                    "{}\nthe first has grown from another log: its root at {at} records is {root}",
                    pair(heads)
                )
            }
            Self::Less(heads) => format!("the log shows less than was signed:\n{}", pair(heads)),
            Self::Tiles(head) => format!("the tiles do not give what the log has signed:\n{}", head.text()),
            Self::NoTile => "a tile that is needed is not there".to_owned(),
        }
    }
}

impl Head {
    /// In a list.
    pub fn json(&self) -> Value {
        json!({ "by": self.by, "root": self.root, "size": self.size })
    }

    fn in_full(&self) -> Value {
        json!({ "by": self.by, "root": self.root, "signed": self.signed, "size": self.size })
    }

    /// In a line.
    pub fn text(&self) -> String {
        format!("  {}: {} records, root {}", self.by, self.size, self.root)
    }
}

#[cfg(test)]
mod tests;
