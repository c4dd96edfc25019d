//! Packs that are not whole: changed, cut, with parts left out, or without anything to hold them against.

use super::super::issue::Issued;
use super::super::story::Story;
use super::super::world::World;
use super::forgery::verdict;
use super::{Tried, found, keep};
use anyhow::{Context, Result};
use lockstep_kernel::Body;
use lockstep_pack::pack::{Pack, PackedGroup};
use lockstep_pack::{Options, Trust, Verdict, build, verify};

/// What is done to a pack: name of its file, title, expected rule.
struct Damage {
    file: &'static str,
    title: &'static str,
    tried: String,
    expected: &'static str,
}

/// Plays them, on the bytes that were written and on a later pack of the same case.
pub fn play_all(world: &mut World, story: &mut Story, issued: &Issued) -> Result<()> {
    let trust = Trust::from_slice(&issued.trust)?;
    let show = |world: &World,
                story: &mut Story,
                damage: Damage,
                (bytes, trust): (&[u8], Option<&Trust>)|
     -> Result<()> {
        keep(world, damage.file, bytes)?;
        let Damage { title, tried, expected, .. } = damage;
        found(story, Tried { title, tried, expected }, verdict(&verify(bytes, trust)));
        Ok(())
    };
    let (damage, bytes) = one_byte(issued)?;
    show(world, story, damage, (&bytes, Some(&trust)))?;
    let (damage, bytes) = left_out(issued)?;
    show(world, story, damage, (&bytes, Some(&trust)))?;
    let (damage, bytes) = tail_cut(issued)?;
    show(world, story, damage, (&bytes, Some(&trust)))?;
    let (damage, bytes) = revocation_left_out(world, story, (issued, &trust))?;
    show(world, story, damage, (&bytes, Some(&trust)))?;
    let tried = "the pack as it was written, and nothing to hold it against".to_owned();
    let (file, title) = ("without-trust.evidence.json", "verification without a trust file");
    let damage = Damage { file, title, tried, expected: "cannot_tell" };
    show(world, story, damage, (&issued.pack, None))
}

/// The first digit of an amount that was signed.
fn one_byte(issued: &Issued) -> Result<(Damage, Vec<u8>)> {
    let needle = b"\"name\":\"amount\"";
    let mut bytes = issued.pack.clone();
    let at = bytes.windows(needle.len()).position(|part| part == needle).context("no amount in the pack")?;
    let value = b"\"value\":\"";
    let rest = bytes.get(at..).context("the pack ends")?;
    let from =
        at + rest.windows(value.len()).position(|part| part == value).context("no value")? + value.len();
    let byte = bytes.get_mut(from).context("the pack ends")?;
    let (before, after) = (char::from(*byte), if *byte == b'9' { '8' } else { '9' });
    *byte = u8::try_from(after)?;
    let tried = format!("byte {from}: the amount's first digit, `{before}`, becomes `{after}`");
    let (file, title) = ("one-byte.evidence.json", "one byte changed in the pack");
    Ok((Damage { file, title, tried, expected: "signature" }, bytes))
}

fn is_step(group: &PackedGroup, wanted: &str) -> bool {
    let mut bodies = group.records.iter().filter_map(|record| record.record_body());
    bodies.any(|body| matches!(body, Body::Attested(body) if body.step.as_str() == wanted))
}

/// The screening is left out; everything else stays as it was.
fn left_out(issued: &Issued) -> Result<(Damage, Vec<u8>)> {
    let mut pack = Pack::from_slice(&issued.pack)?;
    pack.excerpt.retain(|group| !is_step(group, "screen"));
    let tried = "the record of the screening is not in the pack".to_owned();
    let (file, title) = ("left-out.evidence.json", "a record left out of the pack");
    Ok((Damage { file, title, tried, expected: "differs" }, pack.to_vec()?))
}

/// The approval, the decision and the outcome are cut off.
fn tail_cut(issued: &Issued) -> Result<(Damage, Vec<u8>)> {
    let mut pack = Pack::from_slice(&issued.pack)?;
    pack.excerpt.pop();
    let tried = "the pack ends before the approval, the decision and the outcome".to_owned();
    let (file, title) = ("tail-cut.evidence.json", "the tail of the pack cut off");
    Ok((Damage { file, title, tried, expected: "incomplete" }, pack.to_vec()?))
}

/// The case is exported again, after two of its signers' licences were revoked; one revocation is left out.
fn revocation_left_out(
    world: &mut World,
    story: &mut Story,
    (issued, trust): (&Issued, &Trust),
) -> Result<(Damage, Vec<u8>)> {
    let options = Options { evidence: true, pinned: Some(trust.head()), ..Options::default() };
    let later = build(&world.archive()?, issued.case, &options)?;
    let report = verify(&later, Some(trust));
    anyhow::ensure!(
        matches!(report.verdict, Verdict::Verified),
        "the later pack does not verify: {:?}",
        report.to_lines()
    );
    keep(world, "later.evidence.json", &later)?;
    story.line(
        "   the case of the issuance, exported again under the latest certificate: still verified, \
        and it warns:",
    );
    for flag in &report.flags {
        story.line(format!("      {flag}"));
    }
    let mut pack = Pack::from_slice(&later)?;
    let revokes = |group: &PackedGroup| {
        group.records.iter().any(|record| matches!(record.record_body(), Some(Body::Revoked(_))))
    };
    let at = pack.excerpt.iter().position(revokes).context("no revocation in the pack")?;
    pack.excerpt.remove(at);
    let tried = "a signer's licence was revoked since; the pack does not say so".to_owned();
    let (file, title) = ("revocation-left-out.evidence.json", "a revocation left out of the trust history");
    Ok((Damage { file, title, tried, expected: "incomplete" }, pack.to_vec()?))
}
