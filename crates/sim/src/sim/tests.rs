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
    for seed in 0..5 {
        let trace = run_in(seed, Some(Weather::CALM)).unwrap_or_else(|broken| panic!("{broken}"));
        assert!(trace.certificates >= 4, "seed {seed}: {} sizes certified", trace.certificates);
    }
}

#[test]
fn one_seed_gives_one_trace_and_another_seed_another() {
    let once = run(7).unwrap();
    assert_eq!(run(7).unwrap(), once);
    assert_ne!(run(8).unwrap().digest, once.digest);
}
