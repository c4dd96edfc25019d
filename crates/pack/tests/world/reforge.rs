//! Packs whose contents were changed and whose co-signers have signed all the same: every proof holds again,
//! so that only what the records say can give them away.

use crate::world::World;
use lockstep_crypto::map;
use lockstep_crypto::tree::{Subtrees, inclusion_proof, root_of};
use lockstep_ledger::{Certificate, Checkpoint, MemberSignature};
use lockstep_pack::{Pack, Trust};
use lockstep_types::{LeafHash, sha256};
use std::collections::BTreeMap;

/// Log, map and certificate made anew around what the pack says, with a trust file that takes it for what it
/// claims to be; nothing where it is no pack any more, or its records have no place in a log.
pub fn reforge(world: &World, changed: &[u8]) -> Option<(Vec<u8>, Trust)> {
    let mut pack = Pack::from_slice(changed).ok()?;
    let size = pack.certificate.size;
    let mut leaves: Vec<LeafHash> = (0..size).map(|n| LeafHash(sha256(&n.to_be_bytes()))).collect();
    for group in &pack.excerpt {
        for record in &group.records {
            let leaf = record.open(group.time).ok()?.leaf_hash();
            *leaves.get_mut(usize::try_from(record.index).ok()?)? = leaf;
        }
    }
    let entries = pack.map.iter().filter_map(|entry| Some((entry.entity.key(), entry.value.as_ref()?)));
    let values: BTreeMap<_, _> = entries.map(|(key, value)| (key, sha256(value.as_bytes()))).collect();
    let empty: BTreeMap<map::NodeAt, map::MapNode> = BTreeMap::new();
    let (root, nodes) = map::update(lockstep_types::RootHash(map::EMPTY), &empty, &values).ok()?;
    let nodes: BTreeMap<_, _> = nodes.into_iter().collect();
    for entry in &mut pack.map {
        entry.proof = map::prove(root, &nodes, &entry.entity.key()).ok()?;
    }
    pack.seal.body.map = root;
    *leaves.last_mut()? = pack.seal.open().ok()?.leaf_hash();
    let hashes: Subtrees = leaves.iter().copied().collect();
    for record in pack.excerpt.iter_mut().flat_map(|group| &mut group.records) {
        record.path = inclusion_proof(&hashes, record.index, size).ok()?;
    }
    pack.seal.path = inclusion_proof(&hashes, size.checked_sub(1)?, size).ok()?;
    // Heads from before would be of another log.
    (pack.seen, pack.handovers, pack.consistency) = (Vec::new(), Vec::new(), None);
    let committee = world.committee();
    let (ledger, root) = (pack.certificate.ledger, root_of(&leaves));
    let checkpoint = Checkpoint { epoch: committee.epoch(), ledger, root, size };
    let sign = |(member, party): (usize, &crate::world::Party)| {
        let signature = checkpoint.sign(&party.keys[0].0).ok()?;
        Some(MemberSignature { member: u8::try_from(member).ok()?, signature })
    };
    let signatures: Option<Vec<_>> =
        world.cosigners.iter().enumerate().take(usize::from(world.threshold)).map(sign).collect();
    pack.certificate = Certificate::assemble(&checkpoint, &committee, &signatures?);
    let trust = Trust::from_certificate(crate::world::name("acme"), committee, &pack.certificate).ok()?;
    Some((pack.to_vec().ok()?, trust))
}
