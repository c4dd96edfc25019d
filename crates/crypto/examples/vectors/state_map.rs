//! A state map that grows, and proofs over it.

use lockstep_crypto::map::{NodeAt, prove, update};
use lockstep_crypto::{MapEnd, MapNode, MapProof, MapProofError};
use lockstep_types::{Digest, MapKey, RootHash, sha256, sha256_parts};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

type Entries = BTreeMap<MapKey, [u8; 32]>;

#[derive(Default)]
struct Map {
    root: RootHash,
    nodes: BTreeMap<NodeAt, MapNode>,
}

impl Map {
    fn enter(&mut self, changes: &Entries) -> Vec<(NodeAt, MapNode)> {
        let (root, nodes) = update(self.root, &self.nodes, changes).unwrap();
        self.root = root;
        self.nodes.extend(nodes.iter().copied());
        nodes
    }

    fn prove(&self, key: &MapKey) -> MapProof {
        prove(self.root, &self.nodes, key).unwrap()
    }
}

/// The key of a thing of kind 1 that is named by a letter.
fn key(name: &str) -> MapKey {
    MapKey(sha256_parts(&[&[1], name.as_bytes()]))
}

fn value_hash(value: &str) -> [u8; 32] {
    sha256(value.as_bytes())
}

fn entries(named: &[(&str, &str)]) -> Entries {
    named.iter().map(|(name, value)| (key(name), value_hash(value))).collect()
}

/// The neighbour of `a` that shares 255 bits with it.
fn twin() -> MapKey {
    let mut twin = key("a");
    twin.0[31] ^= 1;
    twin
}

fn steps() -> Vec<Entries> {
    vec![
        entries(&[("a", "{\"n\":1}")]),
        entries(&[("b", "{\"n\":2}"), ("d", "{\"n\":3}")]),
        entries(&[("a", "{\"n\":4}"), ("d", "{\"n\":3}")]),
        [(twin(), value_hash("{\"n\":5}"))].into(),
        ('e'..='z').map(|name| (key(&name.to_string()), value_hash("{\"n\":6}"))).collect(),
    ]
}

fn entry_json((key, value_hash): (&MapKey, &[u8; 32])) -> Value {
    json!({ "key": key, "value_hash": hex::encode(value_hash) })
}

fn node_json(((depth, prefix), node): &(NodeAt, MapNode)) -> Value {
    json!({ "depth": depth, "node": hex::encode(node.to_bytes()), "prefix": hex::encode(prefix) })
}

fn step_json(map: &mut Map, changes: &Entries) -> Value {
    let before = map.root;
    let mut nodes = map.enter(changes);
    nodes.sort_by_key(|(at, _)| *at);
    json!({
        "before": before, "changes": changes.iter().map(entry_json).collect::<Vec<_>>(),
        "nodes": nodes.iter().map(node_json).collect::<Vec<_>>(), "root": map.root,
    })
}

fn answer(answer: &Result<(), MapProofError>) -> &'static str {
    match answer {
        Ok(()) => "holds",
        Err(MapProofError::TooDeep { .. }) => "too_deep",
        Err(MapProofError::OffPath { .. }) => "off_path",
        Err(MapProofError::Value { .. }) => "value",
        Err(MapProofError::Root { .. }) => "root",
    }
}

type Told = (MapKey, Option<[u8; 32]>);

fn proof_json(name: &str, root: RootHash, (key, value_hash): Told, proof: &MapProof) -> Value {
    json!({
        "answer": answer(&proof.verify(root, &key, value_hash)),
        "key": key, "name": name, "proof": proof, "root": root,
        "value_hash": value_hash.map(Digest),
    })
}

fn changed(proof: &MapProof, change: impl Fn(&mut MapProof)) -> MapProof {
    let mut changed = proof.clone();
    change(&mut changed);
    changed
}

fn refused_proofs(map: &Map) -> Vec<Value> {
    let (root, b, d, six) = (map.root, key("b"), key("d"), Some(value_hash("{\"n\":6}")));
    let two = Some(value_hash("{\"n\":2}"));
    let good = map.prove(&b);
    let leaf_of_d = MapEnd::Leaf { key: d, value_hash: Digest(value_hash("{\"n\":3}")) };
    let refused = [
        ("another value", two.map(|_| value_hash("{\"n\":9}")), good.clone()),
        ("absence of an entry that is there", None, good.clone()),
        ("the end cut off", None, changed(&good, |it| it.end = MapEnd::Nothing)),
        (
            "another value in the proof too",
            six,
            changed(&good, |it| it.end = MapEnd::Leaf { key: b, value_hash: Digest(six.unwrap()) }),
        ),
        ("absence by an entry beside the path", None, changed(&good, |it| it.end = leaf_of_d)),
        ("a sibling left out", two, changed(&good, |it| it.siblings.truncate(6))),
        ("an empty sibling too many", two, changed(&good, |it| it.siblings.push(Digest([0; 32])))),
        ("one bit of a sibling turned", two, changed(&good, |it| it.siblings[0].0[0] ^= 1)),
        (
            "more siblings than a key has bits",
            two,
            changed(&good, |it| it.siblings.resize(257, Digest([0; 32]))),
        ),
    ];
    refused.iter().map(|(name, value, proof)| proof_json(name, root, (b, *value), proof)).collect()
}

/// `vectors/state-map.json`.
pub fn vectors() -> String {
    let mut map = Map::default();
    let empty = map.prove(&key("a"));
    let mut proofs = vec![proof_json("absence from the empty map", map.root, (key("a"), None), &empty)];
    let steps: Vec<Value> = steps().iter().map(|changes| step_json(&mut map, changes)).collect();
    for (name, key, value) in [
        ("presence", key("b"), Some("{\"n\":2}")),
        ("presence beside a neighbour that shares 255 bits", key("a"), Some("{\"n\":4}")),
        ("presence of that neighbour", twin(), Some("{\"n\":5}")),
        ("absence by another entry", key("c"), None),
        ("absence by nothing", key("2"), None),
    ] {
        proofs.push(proof_json(name, map.root, (key, value.map(value_hash)), &map.prove(&key)));
    }
    proofs.extend(refused_proofs(&map));
    let vectors = json!({ "format": "lockstep/vectors/state-map/1", "proofs": proofs, "steps": steps });
    serde_json::to_string_pretty(&vectors).unwrap() + "\n"
}

fn bits(prefix: &[u8; 32], depth: u16) -> String {
    (0..depth)
        .map(|at| if prefix[usize::from(at / 8)] & (0x80 >> (at % 8)) == 0 { '0' } else { '1' })
        .collect()
}

/// The example at the top of `specs/state-map.md`.
pub fn example() -> String {
    let mut out = String::new();
    let named = [("a", "{\"n\":1}"), ("b", "{\"n\":2}"), ("d", "{\"n\":3}")];
    for (name, value) in named {
        writeln!(out, "entry of \"{name}\", value {value}").unwrap();
        writeln!(out, "  key           {}   {}…", key(name), bits(&key(name).0, 8)).unwrap();
        writeln!(out, "  value hash    {}", hex::encode(value_hash(value))).unwrap();
    }
    let mut map = Map::default();
    map.enter(&entries(&named));
    writeln!(out, "nodes, by depth and path").unwrap();
    for ((depth, prefix), node) in &map.nodes {
        let what = match node {
            MapNode::Leaf { key: of, .. } => named.iter().find(|(name, _)| key(name) == *of).unwrap().0,
            MapNode::Inner { .. } => "inner",
        };
        let path = bits(prefix, *depth);
        writeln!(out, "  {depth} {path:<5} {what:<5} {}", hex::encode(node.hash())).unwrap();
    }
    writeln!(out, "root            {}", map.root).unwrap();
    for (what, name) in [("presence", "b"), ("absence", "f"), ("absence", "c")] {
        writeln!(out, "proof of {what} of \"{name}\" ({}…)", bits(&key(name).0, 8)).unwrap();
        let proof = map.prove(&key(name));
        for sibling in &proof.siblings {
            writeln!(out, "  sibling       {sibling}").unwrap();
        }
        match proof.end {
            MapEnd::Nothing => writeln!(out, "  end           nothing").unwrap(),
            MapEnd::Leaf { key: of, .. } => {
                let of = named.iter().find(|(name, _)| key(name) == of).unwrap().0;
                writeln!(out, "  end           the entry of \"{of}\"").unwrap();
            }
        }
    }
    out
}
