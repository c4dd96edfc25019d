use super::*;
use proptest::prelude::*;

fn heard(answers: &[Result<u64, &str>]) -> Vec<Heard<u64>> {
    let one = |(place, answer): (usize, &Result<u64, &str>)| Heard {
        place,
        name: ["a", "b", "c", "d"][place].to_owned(),
        answer: answer.map_err(str::to_owned),
    };
    answers.iter().enumerate().map(one).collect()
}

fn agreed(quorum: usize, answers: &[Result<u64, &str>]) -> Result<(u64, Vec<usize>), String> {
    let question = Question { what: "the sum".to_owned(), quorum };
    let agreed = agree(&question, &heard(answers), u64::to_string).map_err(|error| error.to_string())?;
    Ok((agreed.answer, agreed.by))
}

#[test]
fn an_answer_counts_when_a_quorum_gives_it_and_no_other_answer_has_one() {
    assert_eq!(agreed(2, &[Ok(7), Ok(7)]), Ok((7, vec![0, 1])));
    assert_eq!(agreed(2, &[Ok(7), Ok(8), Ok(7)]), Ok((7, vec![0, 2])), "the liar is out-voted");
    assert_eq!(agreed(2, &[Ok(7), Err("is away"), Ok(7)]), Ok((7, vec![0, 2])));
    assert_eq!(agreed(1, &[Ok(7)]), Ok((7, vec![0])));
    let contradict = "endpoints contradict each other about the sum: ";
    assert_eq!(agreed(2, &[Ok(7), Ok(8)]), Err(format!("{contradict}`a` says 7; `b` says 8")));
    assert_eq!(agreed(1, &[Ok(7), Ok(8)]), Err(format!("{contradict}`a` says 7; `b` says 8")));
    assert_eq!(
        agreed(2, &[Ok(7), Ok(8), Ok(8), Ok(7)]),
        Err(format!("{contradict}`a` says 7; `b` says 8; `c` says 8; `d` says 7")),
        "two quorums are none"
    );
    assert_eq!(
        agreed(2, &[Ok(7), Err("is away")]),
        Err("2 endpoints must say the sum, found 1: `a` says 7; `b` is away".to_owned())
    );
    assert!(agreed(1, &[]).is_err());
}

#[test]
fn the_newest_block_is_one_that_a_quorum_has_reached() {
    assert_eq!(candidates(&[100, 99, 98], 2), [99, 98]);
    assert_eq!(candidates(&[1 << 60, 100, 100], 2), [100], "nobody else has what one claims");
    assert_eq!(candidates(&[100], 2), [0u64; 0]);
    assert_eq!(reached(&[5, 9, 7], 2), Some(7));
    assert_eq!(reached(&[], 1), None);
}

#[test]
fn who_is_far_behind_the_middle_is_late_and_a_far_claim_makes_nobody_late() {
    assert_eq!(late(&[100, 100, 35], 64), [false, false, true]);
    assert_eq!(late(&[100, 100, 36], 64), [false, false, false]);
    assert_eq!(late(&[1 << 60, 100, 99], 64), [false, false, false]);
    assert_eq!(late(&[100, 10], 64), [false, true], "of two, one lies or one is late: no quorum of two");
}

proptest! {
    #[test]
    fn a_minority_never_decides(honest in 0u64..4, lies in prop::collection::vec(0u64..4, 0..3)) {
        // Three honest endpoints of up to five, a majority is asked for.
        let mut answers = vec![Ok(honest); 3];
        answers.extend(lies.iter().map(|lie| Ok(*lie)));
        let one = |(place, answer): (usize, &Result<u64, String>)| {
            Heard { place, name: place.to_string(), answer: answer.clone() }
        };
        let heard: Vec<_> = answers.iter().enumerate().map(one).collect();
        let question = Question { what: "it".to_owned(), quorum: heard.len() / 2 + 1 };
        prop_assert_eq!(agree(&question, &heard, u64::to_string).unwrap().answer, honest);
    }

    #[test]
    fn a_minority_moves_no_number_beyond_the_honest_ones(
        honest in prop::collection::vec(1_000u64..1_100, 3),
        lies in prop::collection::vec(any::<u64>(), 0..3),
    ) {
        let all = [honest.clone(), lies].concat();
        let (quorum, lowest) = (all.len() / 2 + 1, *honest.iter().min().unwrap());
        let highest = *honest.iter().max().unwrap();
        let found = reached(&all, quorum).unwrap();
        prop_assert!(found <= highest && (all.len() > 3 || found >= lowest));
        prop_assert!((lowest..=highest).contains(&middle(&all).unwrap()));
    }
}
