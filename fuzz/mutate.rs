//! Deterministic mutations of seeds, so that `cargo test` runs the body of every fuzz target without
//! libFuzzer.

use std::path::Path;

/// Longest mutated input, in bytes.
const INPUT_BYTES_MAX: usize = 65_536;

/// Bytes at which decoders turn: quotation marks, brackets, signs, zeros, ends of ranges, bad UTF-8.
const TURNING: &[u8] = b"\"\\{}[]:,-+.0189eE \n\x00\x01\x7f\x80\xc0\xff";

/// Xorshift (Marsaglia 2003): no quality is asked of it but that every run gives the same inputs.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits fit") % bound.max(1)
    }
}

/// Hands every file of `folder` to `body`, then `rounds` mutations of them. On a panic the input is printed.
///
/// # Panics
/// When `folder` holds no seed, and when `body` panics.
pub fn run(folder: &Path, rounds: usize, body: fn(&[u8])) {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("`{}`: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> =
        paths.iter().map(|path| std::fs::read(path).expect("a readable seed")).collect();
    assert!(!seeds.is_empty(), "no seed in `{}`", folder.display());
    for seed in &seeds {
        body(seed);
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(4) {
            mutate(&mut input, &seeds, &mut random);
        }
        input.truncate(INPUT_BYTES_MAX);
        if std::panic::catch_unwind(|| body(&input)).is_err() {
            panic!("round {round} broke on {:?} (hex {})", String::from_utf8_lossy(&input), hex(&input));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mutate(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len() + 1);
    let end = (at + 1 + random.below(8)).min(input.len());
    match random.below(10) {
        0 => input.truncate(at),
        1 => input.insert(at, TURNING[random.below(TURNING.len())]),
        2 => drop(input.drain(at..end.max(at))),
        3 => {
            let piece = input[at.min(end)..end].to_vec();
            input.splice(at..at, piece);
        }
        4 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            input.splice(at.., other[from..].iter().copied());
        }
        5 if at < input.len() => input[at] ^= 1 << random.below(8),
        6..=8 if at < input.len() => input[at] = alike(input[at], random),
        _ if at < input.len() => input[at] = TURNING[random.below(TURNING.len())],
        _ => input.push(TURNING[random.below(TURNING.len())]),
    }
}

/// A byte of the same kind, so that not only the form of a text breaks: another digit of a number or a
/// digest, another letter of a name or of base64.
fn alike(byte: u8, random: &mut Random) -> u8 {
    let kind: &[u8] = match byte {
        b'0'..=b'9' => b"0123456789",
        b'a'..=b'f' => b"abcdef",
        b'g'..=b'z' => b"ghijklmnopqrstuvwxyz",
        b'A'..=b'Z' => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        _ => TURNING,
    };
    kind[random.below(kind.len())]
}
