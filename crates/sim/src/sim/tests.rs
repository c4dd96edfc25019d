use super::weather::Weather;
use super::{run, run_in};

#[test]
fn short_runs_of_many_seeds_keep_every_promise() {
    let (mut acknowledged, mut certificates) = (0, 0);
    for seed in 0..30 {
        let trace = run(seed).unwrap_or_else(|broken| panic!("{broken}"));
        acknowledged += trace.acknowledged;
        certificates += trace.certificates;
    }
    assert!(acknowledged > 500, "{acknowledged} attestations were acknowledged in all");
    assert!(certificates > 20, "{certificates} sizes were certified in all");
}

#[test]
fn without_faults_the_ledger_is_certified_again_and_again() {
    let calm = |seed| run_in(seed, Some(Weather::CALM)).unwrap_or_else(|broken| panic!("{broken}"));
    let certificates: Vec<usize> = (0..8).map(|seed| calm(seed).certificates).collect();
    assert!(certificates.iter().all(|count| *count >= 2), "{certificates:?} sizes were certified");
    // A run draws by the digests that it sees: with another comment in a policy it is 28 or 31 as well.
    assert!(certificates.iter().sum::<usize>() >= 22, "{certificates:?} sizes were certified");
}

#[test]
fn one_seed_gives_one_trace_and_another_seed_another() {
    let once = run(7).unwrap();
    assert_eq!(run(7).unwrap(), once);
    assert_ne!(run(8).unwrap().digest, once.digest);
}
