//! Which entries of the state map a pack shows: the same for builder and verifier (specs/pack.md §2).

use crate::pack::PackedGroup;
use lockstep_kernel::state::opening_use_key;
use lockstep_kernel::{Body, Entity};
use lockstep_policy::Layout;
use lockstep_types::CaseId;
use std::collections::BTreeSet;

/// The entries that show an excerpt to be complete: the case, its single-use acts, every credential in the
/// excerpt, who gave it or took it back, the committee; and what the policy's programme has: policy, lists,
/// account.
pub(crate) fn needed(case: &CaseId, excerpt: &[PackedGroup], layout: Option<&Layout>) -> BTreeSet<Entity> {
    let mut needed = BTreeSet::from([Entity::Committee, Entity::Case(*case)]);
    for body in excerpt.iter().flat_map(|group| &group.records).filter_map(|record| record.record_body()) {
        match body {
            Body::Credentialed(body) => {
                needed.insert(Entity::Credential(body.credential));
                needed.insert(Entity::Issuer(body.issuer));
            }
            Body::Revoked(body) => {
                needed.insert(Entity::Credential(body.credential));
                needed.insert(Entity::Issuer(body.issuer));
            }
            Body::Opened(body) => {
                needed.insert(Entity::Use(opening_use_key(&body.attestation)));
            }
            Body::Attested(body) => needed.extend(body.use_key.map(Entity::Use)),
            _ => {}
        }
    }
    if let Some(layout) = layout {
        needed.insert(Entity::Account(layout.programme.clone()));
        needed.insert(Entity::Policy(layout.programme.clone(), layout.name.clone()));
        let lists = layout.lists.iter().map(|list| Entity::List(layout.programme.clone(), list.name.clone()));
        needed.extend(lists);
    }
    needed
}
