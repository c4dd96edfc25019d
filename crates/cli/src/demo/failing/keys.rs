//! Signatures that do not hold, and credentials that no longer do.

use super::super::cast::DemoKey;
use super::super::issue::{attempt, draft, open_case, play};
use super::super::story::Story;
use super::super::world::{World, accepted};
use super::{Other, Tried, credential_again, made_up, refused, take_all};
use anyhow::{Context, Result};
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Revocation, Statement};
use lockstep_crypto::suite::{Message, Suite};
use lockstep_node::client::Draft;
use lockstep_types::{CredentialDigest, Time};

/// Order of the group of P-256 (SEC 2, `secp256r1`), big-endian.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Plays them.
pub fn play_all(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    play_forged(world, story, other)?;
    play_high_s(world, story, other)?;
    play_revoked(world, story, other)?;
    take_all(world, other, &["screen"])?;
    play_suspect(world, story)
}

/// Somebody else signs in the custodian's name.
fn play_forged(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let custodian = world.cast.of("custodian").clone();
    let play = play(world, "payment", &made_up(&other.payment, "DEMO-FORGED", other.payment.money))?;
    let draft = draft(world, other.case, (&custodian, &play))?;
    let thief = DemoKey::draw(Suite::Es256)?;
    let mut submission = sign(&draft.statement, draft.openings, &[&thief])?;
    for signature in &mut submission.envelope.signatures {
        signature.keyid = custodian.keys.first().context("no key")?.key.public().id();
    }
    let answer = world.submit_signed(submission)?;
    let tried = Tried {
        title: "a forged signature",
        tried: format!("somebody else signs a payment in the name of {}", custodian.name),
        expected: "signature",
    };
    refused(world, story, tried, answer)
}

/// The very signature that would count, in its other form: r, n − s.
fn play_high_s(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let custodian = world.cast.of("custodian").clone();
    let play = play(world, "payment", &made_up(&other.payment, "DEMO-HIGH-S", other.payment.money))?;
    let draft = draft(world, other.case, (&custodian, &play))?;
    let mut submission = sign(&draft.statement, draft.openings, &custodian.signers())?;
    let pae = submission.envelope.pae();
    for signature in &mut submission.envelope.signatures {
        let (r, s) = signature.sig.split_at(32);
        let high = minus(&P256_ORDER, s);
        signature.sig = [r, high.as_slice()].concat();
        let same = lockstep_crypto::normalise(Suite::Es256, &signature.sig)?;
        let key = custodian.keys.first().context("no key")?.key.public();
        lockstep_crypto::verify(key, Message::Bytes(&pae), &same)
            .context("n − s is not the same signature")?;
    }
    let answer = world.submit_signed(submission)?;
    let tried = Tried {
        title: "a high-s signature",
        tried: format!(
            "{}'s own signature, its s replaced by n − s: mathematically valid, but a second form",
            custodian.name
        ),
        expected: "signature",
    };
    refused(world, story, tried, answer)
}

/// `a − b` of 32 big-endian bytes, for b ≤ a.
fn minus(a: &[u8; 32], b: &[u8]) -> [u8; 32] {
    let mut difference = [0u8; 32];
    let mut borrow = 0i16;
    for (place, (a, b)) in difference.iter_mut().zip(a.iter().zip(b)).rev() {
        let digit = i16::from(*a) - i16::from(*b) - borrow;
        borrow = i16::from(digit < 0);
        *place = u8::try_from(digit.rem_euclid(256)).unwrap_or_default();
    }
    difference
}

fn credential_of(world: &World, role: &str) -> Result<CredentialDigest> {
    let who = world.cast.of(role);
    let key = who.keys.first().context("no key")?.key.public().id();
    let held = world.kernel().credentials().find(|(_, held)| {
        held.revoked.is_none()
            && Some(held.kind.as_str()) == who.kind
            && held.keys.iter().any(|k| k.key.id() == key)
    });
    held.map(|(digest, _)| *digest).context("no credential stands")
}

/// The registrar takes a credential back.
fn revoke(world: &mut World, role: &str, (reason, suspect_since): (&str, Option<Time>)) -> Result<()> {
    let registrar = world.cast.of("registrar").clone();
    let signing = world.signing(&registrar)?;
    let statement = Statement::Revocation(Revocation {
        credential: credential_of(world, role)?,
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        party: signing.party,
        reason: reason.to_owned(),
        seen: signing.seen,
        suspect_since,
    });
    let draft = Draft { statement, openings: Vec::new() };
    accepted(world.hand_in(&draft, &registrar.signers())?)?;
    Ok(())
}

fn play_revoked(world: &mut World, story: &mut Story, other: &Other) -> Result<()> {
    let play = play(world, "screen", &other.payment)?;
    let provider = world.cast.of("screening").clone();
    let draft = draft(world, other.case, (&provider, &play))?;
    revoke(world, "screening", ("licence returned", None))?;
    let answer = world.hand_in(&draft, &provider.signers())?;
    let tried = Tried {
        title: "a credential revoked a moment before",
        tried: format!(
            "{} signed its screening; its licence was taken back before it arrived",
            provider.name
        ),
        expected: "credential_revoked",
    };
    refused(world, story, tried, answer)?;
    credential_again(world, "screening")
}

/// The auditor's key turns out to be in doubt since before its audit: the open case stands still.
fn play_suspect(world: &mut World, story: &mut Story) -> Result<()> {
    let payment = made_up(&world.inputs.payment, "DEMO-SUSPECT", world.inputs.payment.money);
    let (case, _) = open_case(world, payment.money, world.inputs.beneficiary)?;
    let other = Other { case, payment };
    take_all(world, &other, &["request", "reserve"])?;
    // Times are of whole milliseconds; what came before must not be suspect with it.
    let since = world.now()?.saturating_add_ms(1);
    while world.now()? < since {
        std::hint::spin_loop();
    }
    take_all(world, &other, &["audit"])?;
    let auditor = world.cast.of("auditor").name;
    revoke(world, "auditor", ("the key may be in other hands", Some(since)))?;
    let screen = play(world, "screen", &other.payment)?;
    let answer = attempt(world, case, &screen)?;
    let tried = Tried {
        title: "`suspect_since` suspending an open case",
        tried: format!(
            "the key of {auditor} is revoked as suspect since before its audit; {} goes on",
            world.cast.of("screening").name
        ),
        expected: "suspended",
    };
    refused(world, story, tried, answer)?;
    credential_again(world, "auditor")
}
