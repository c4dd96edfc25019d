//! What co-signers and a recovery set sign besides checkpoints, with the answers of a reader.

use crate::answer::{answer, pretty};
use crate::certificate::{committee, key, ledger, raised};
use lockstep_crypto::Message;
use lockstep_ledger::declaration::{OnChange, OnRecovery, Recovery, Succession};
use lockstep_ledger::{CheckpointSignature, Declaration, DeclarationError, MemberSignature, Signers};
use lockstep_types::{Address, Digest, LedgerId, RootHash, sha256};
use serde_json::{Value, json};

const CHAIN: u64 = 31_337;
/// Keys of the recovery set.
const RECOVERY: [u8; 3] = [40, 41, 42];

fn address(n: u8) -> Address {
    key(n).public().address().unwrap()
}

/// One of each kind, as the committee of epoch 5 and the recovery set sign them.
fn all() -> [Declaration; 5] {
    let named = |text: &str| sha256(text.as_bytes());
    let (anchor, gate) = (Address([0xa5; 20]), Address([0x6a; 20]));
    let (chain, epoch, ledger, round) = (CHAIN, 5, ledger(), 0);
    let on_change = OnChange { chain, change: Digest(named("a change")), epoch, gate, ledger };
    let next = committee(6, &[2, 3, 4, 5], 3).signers();
    let root = RootHash(named("root of the successor"));
    let successor = LedgerId(named("a successor"));
    [
        Declaration::Succession(Succession { epoch, ledger, root, size: 512, successor }),
        Declaration::Recovery(Recovery { anchor, chain, epoch, ledger, next, round }),
        Declaration::RecoveryVeto(OnRecovery { anchor, chain, epoch, ledger, round }),
        Declaration::Veto(on_change.clone()),
        Declaration::Override(on_change),
    ]
}

fn by(declaration: &Declaration, members: &[(u8, u8)]) -> Vec<MemberSignature> {
    let sign = |(member, n): &(u8, u8)| {
        let bytes = key(*n).sign(Message::Hash(&declaration.signing_hash())).unwrap();
        MemberSignature { member: *member, signature: CheckpointSignature::new(bytes.try_into().unwrap()) }
    };
    members.iter().map(sign).collect()
}

/// The name of the innermost rule.
fn name(result: &Result<(), DeclarationError>) -> String {
    match result {
        Err(DeclarationError::Signatures(error)) => answer::<(), _>(&Err(error)),
        other => answer(other),
    }
}

fn entry(what: &str, declaration: &Declaration, signatures: &[MemberSignature]) -> Value {
    let recovery = matches!(declaration, Declaration::Recovery(_));
    let signers = if recovery { recovery_set() } else { committee(5, &[0, 1, 2, 3], 3).signers() };
    let vetoer = matches!(declaration, Declaration::Override(_)).then(|| address(1));
    json!({
        "answer": name(&declaration.verify(signatures, &signers, vetoer)),
        "declaration": declaration, "kind": declaration.kind(), "name": what,
        "packed": hex::encode(MemberSignature::packed(signatures)),
        "signing_hash": hex::encode(declaration.signing_hash()), "type": declaration.type_text(),
    })
}

fn recovery_set() -> Signers {
    Signers::new(RECOVERY.map(address).to_vec(), 3).unwrap()
}

pub fn vectors() -> String {
    let [succession, recovery, recovery_veto, veto, overriding] = all();
    let ours = [(0, 0), (2, 2), (3, 3)];
    let theirs = [(0, RECOVERY[0]), (1, RECOVERY[1]), (2, RECOVERY[2])];
    let mut high = by(&veto, &[(1, 1)]);
    high[0].signature = raised(&high[0].signature);
    let declarations = [
        entry("a succession by three of four", &succession, &by(&succession, &ours)),
        entry("a succession by two", &succession, &by(&succession, &ours[..2])),
        entry("a succession out of order", &succession, &by(&succession, &[(2, 2), (0, 0), (3, 3)])),
        entry("a recovery by the recovery set", &recovery, &by(&recovery, &theirs)),
        entry("a recovery by two of it", &recovery, &by(&recovery, &theirs[..2])),
        entry("a recovery by co-signers", &recovery, &by(&recovery, &[(0, 0), (1, 1), (2, 2)])),
        entry("a veto of a recovery by three", &recovery_veto, &by(&recovery_veto, &ours)),
        entry("a veto of a recovery by two", &recovery_veto, &by(&recovery_veto, &ours[..2])),
        entry("a veto", &veto, &by(&veto, &[(1, 1)])),
        entry("a veto by two", &veto, &by(&veto, &ours[..2])),
        entry("a veto by nobody", &veto, &[]),
        entry("a veto with a high s", &veto, &high),
        entry("a veto by a place that there is not", &veto, &by(&veto, &[(4, 1)])),
        entry("a veto signed as an override", &veto, &by(&overriding, &[(1, 1)])),
        entry("an override by two others", &overriding, &by(&overriding, &ours[..2])),
        entry("an override by one", &overriding, &by(&overriding, &ours[..1])),
        entry("an override with who vetoed", &overriding, &by(&overriding, &[(0, 0), (1, 1)])),
    ];
    pretty(&json!({
        "committee": committee(5, &[0, 1, 2, 3], 3),
        "declarations": declarations,
        "format": "lockstep/vectors/declaration/1",
        "recovery_set": recovery_set(),
        "vetoer": address(1),
    }))
}
