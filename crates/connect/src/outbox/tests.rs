use super::*;
use tempfile::TempDir;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn put(outbox: &mut Outbox, n: u64) -> u64 {
    outbox.put(&"case.decided".parse().unwrap(), &json!({ "n": n }), time(n)).unwrap()
}

fn later(_: &Waiting) -> Delivery {
    Delivery::Later { after_s: None, why: "HTTP 503".to_owned() }
}

#[test]
fn what_is_put_goes_out_in_order_and_once_it_is_taken_it_is_gone() {
    let dir = TempDir::new().unwrap();
    let mut outbox = Outbox::open(dir.path()).unwrap();
    assert_eq!(outbox.step(time(9), |_| Delivery::Taken).unwrap(), Progress::Idle);
    assert_eq!([put(&mut outbox, 1), put(&mut outbox, 2)], [1, 2]);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let progress = outbox.step(time(9), |message| {
            seen.push((message.id.clone(), message.body.clone()));
            Delivery::Taken
        });
        assert!(matches!(progress.unwrap(), Progress::Taken { .. }));
    }
    assert_eq!(
        seen[0].1,
        r#"{"data":{"n":1},"sequence":1,"timestamp":"1970-01-01T00:00:00.001Z","type":"case.decided"}"#
    );
    assert!(seen[0].0.starts_with("msg_") && seen[0].0 != seen[1].0);
    drop(outbox);
    let mut outbox = Outbox::open(dir.path()).unwrap();
    assert_eq!(outbox.waiting().len(), 0);
    assert_eq!(put(&mut outbox, 3), 3, "no number is given twice, though nothing waits");
}

#[test]
fn the_first_holds_up_the_rest_and_pauses_grow() {
    let dir = TempDir::new().unwrap();
    let mut outbox = Outbox::open(dir.path()).unwrap();
    put(&mut outbox, 1);
    put(&mut outbox, 2);
    let (mut now, mut pauses, mut sent) = (time(10), Vec::new(), 0);
    let stuck = loop {
        match outbox.step(now, |message| {
            assert_eq!(message.sequence, 1);
            sent += 1;
            later(message)
        }) {
            Ok(Progress::Waits { until, .. }) => {
                let before =
                    outbox.step(until.saturating_sub_ms(1), |_| panic!("it is not time yet")).unwrap();
                assert_eq!(before, Progress::Waits { sequence: 1, until });
                pauses.push(until.ms_since(now));
                now = until;
            }
            Ok(other) => break other,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(stuck, Progress::Stuck { sequence: 1, why: "HTTP 503".to_owned() });
    assert_eq!((sent, pauses.len()), (16, 15));
    assert!((5_000..6_250).contains(&pauses[0]) && (10_000..12_500).contains(&pauses[1]), "{pauses:?}");
    assert!((21_600_000..27_000_000).contains(&pauses[14]), "{pauses:?}");
    assert_eq!(outbox.step(now, |_| panic!("it is stuck")).unwrap(), stuck);
    drop(outbox);
    let mut outbox = Outbox::open(dir.path()).unwrap();
    assert_eq!(outbox.step(now, |_| panic!("it is stuck")).unwrap(), stuck, "also after a restart");
    outbox.retry(now).unwrap();
    assert_eq!(outbox.step(now, |_| Delivery::Taken).unwrap(), Progress::Taken { sequence: 1 });
    assert_eq!(outbox.step(now, |_| Delivery::Taken).unwrap(), Progress::Taken { sequence: 2 });
}

#[test]
fn a_receiver_may_ask_for_a_longer_pause_and_may_want_no_more() {
    let dir = TempDir::new().unwrap();
    let mut outbox = Outbox::open(dir.path()).unwrap();
    put(&mut outbox, 1);
    let asked = |_: &Waiting| Delivery::Later { after_s: Some(3_600), why: "HTTP 429".to_owned() };
    let until = time(3_600_100);
    assert_eq!(outbox.step(time(100), asked).unwrap(), Progress::Waits { sequence: 1, until });
    let never = outbox.step(until, |_| Delivery::Never { why: "HTTP 410\n".to_owned() }).unwrap();
    assert_eq!(never, Progress::Stuck { sequence: 1, why: "HTTP 410 ".to_owned() });
}

#[test]
fn a_crash_between_two_writes_loses_no_message_and_gives_no_number_twice() {
    let dir = TempDir::new().unwrap();
    let mut outbox = Outbox::open(dir.path()).unwrap();
    put(&mut outbox, 1);
    put(&mut outbox, 2);
    drop(outbox);
    // As if the message had been written and `next` had not.
    std::fs::write(dir.path().join("next"), "2").unwrap();
    let mut outbox = Outbox::open(dir.path()).unwrap();
    for sequence in [1, 2] {
        assert_eq!(outbox.step(time(9), |_| Delivery::Taken).unwrap(), Progress::Taken { sequence });
    }
    drop(outbox);
    let mut outbox = Outbox::open(dir.path()).unwrap();
    assert_eq!(put(&mut outbox, 3), 3);
    put(&mut outbox, 4);
    drop(outbox);
    // A file half written never gets its name; a file lost, or damaged, is told.
    std::fs::write(dir.path().join("beside"), "{").unwrap();
    assert_eq!(Outbox::open(dir.path()).unwrap().waiting().len(), 2);
    let third = dir.path().join("0000000000000003.json");
    let kept = std::fs::read(&third).unwrap();
    std::fs::write(&third, &kept[..20]).unwrap();
    assert!(matches!(Outbox::open(dir.path()), Err(OutboxError::Form { .. })));
    std::fs::write(&third, &kept).unwrap();
    put(&mut Outbox::open(dir.path()).unwrap(), 5);
    std::fs::remove_file(dir.path().join("0000000000000004.json")).unwrap();
    assert!(matches!(Outbox::open(dir.path()), Err(OutboxError::Gap { .. })));
}

#[test]
fn one_process_at_a_time_and_no_message_that_is_too_long() {
    let dir = TempDir::new().unwrap();
    let mut outbox = Outbox::open(dir.path()).unwrap();
    assert!(matches!(Outbox::open(dir.path()), Err(OutboxError::InUse { .. })));
    let long = json!("x".repeat(BODY_BYTES_MAX));
    let found = outbox.put(&"big".parse().unwrap(), &long, time(1));
    assert!(matches!(found, Err(OutboxError::TooLong { .. })));
    assert_eq!(put(&mut outbox, 1), 1, "a message that was refused takes no number");
}
