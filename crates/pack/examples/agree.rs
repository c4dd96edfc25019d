//! Two readers, one answer: packs of every kind, changed at random, are verified here and by the reader in
//! TypeScript. Both must say the same.
//!
//! `cargo xtask agree --mutations N --seed S`
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "an example is a shell: it reads arguments, runs the other reader, and prints"
)]

#[path = "../tests/world/agreement.rs"]
mod agreement;
#[path = "../tests/world/answers.rs"]
mod answers;
#[path = "../tests/world/crossing.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/rules` are made of it as well")]
mod crossing;
#[path = "../tests/world/mutate.rs"]
#[expect(dead_code, reason = "the test counts what becomes of changes, this compares it")]
mod mutate;
#[path = "../tests/world/redeeming.rs"]
mod redeeming;
#[path = "../tests/world/reforge.rs"]
mod reforge;
#[path = "../tests/world/small.rs"]
#[expect(dead_code, reason = "the vectors of `vectors/pack` are made of it as well")]
mod small;
#[path = "../tests/world/specimens.rs"]
mod specimens;
#[path = "../tests/world/world.rs"]
mod world;

use agreement::{Plan, compare};
use std::process::ExitCode;

/// Disagreements that are printed.
const PRINTED_MAX: usize = 40;

fn main() -> std::io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reader, keep, count, seed] = arguments.as_slice() else {
        eprintln!("READER KEEP MUTATIONS SEED are expected: `cargo xtask agree` gives them");
        return Ok(ExitCode::from(2));
    };
    let number = |text: &String| text.parse::<u64>().map_err(std::io::Error::other);
    let (count, seed) = (number(count)?, number(seed)?);
    let seen = compare(&Plan { reader: reader.into(), keep: keep.into(), count, seed })?;
    for (answer, count) in &seen.answers {
        println!("{count:>7}  {answer}");
    }
    seen.apart.iter().take(PRINTED_MAX).for_each(|line| println!("APART {line}"));
    println!("{count} packs from seed {seed}, {} answered otherwise", seen.apart.len());
    Ok(ExitCode::from(u8::from(!seen.apart.is_empty())))
}
