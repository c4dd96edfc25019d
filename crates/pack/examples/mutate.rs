//! Changes packs at random, bytewise and in their structure: none may say more than its original.
//!
//! `cargo run -p lockstep-pack --release --example mutate -- 10000 1` (count and seed)
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "an example is a shell: it reads arguments and clocks, and prints"
)]

#[path = "../tests/world/mutate.rs"]
mod mutate;
#[path = "../tests/world/world.rs"]
mod world;

fn main() {
    let number = |at: usize, default: u64| {
        std::env::args().nth(at).map_or(default, |text| text.parse().expect("a number is expected"))
    };
    let (count, seed) = (number(1, 10_000), number(2, 1));
    let count = usize::try_from(count).expect("the count fits");
    let tally = mutate::run(&world::specimens(), count, seed);
    println!("{count} changes from seed {seed}: {tally:?}");
}
