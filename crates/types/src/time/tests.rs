use super::*;
use proptest::prelude::*;

#[test]
fn known_times_have_their_text() {
    for (ms, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"),
        (1_795_241_415_000, "2026-11-21T06:10:15.000Z"),
        (TIME_MAX_MS, "9999-12-31T23:59:59.999Z"),
    ] {
        let time = Time::from_ms(ms).unwrap();
        assert_eq!(time.to_string(), text);
        assert_eq!(text.parse::<Time>().unwrap(), time);
        assert_eq!(serde_json::to_string(&time).unwrap(), ms.to_string());
    }
}

#[test]
fn a_time_has_one_text() {
    for text in [
        "",
        "2026-11-21",
        "2026-11-21T06:10:15Z",
        "2026-11-21T06:10:15.0Z",
        "2026-11-21T06:10:15.0000Z",
        "2026-11-21T06:10:15.0001Z",
        "2026-11-21T06:10:15,000Z",
        "2026-11-21T06:10:15.000",
        "2026-11-21T06:10:15.000z",
        "2026-11-21t06:10:15.000Z",
        "2026-11-21 06:10:15.000Z",
        "2026-11-21T06:10:15.000+00:00",
        "2026-11-21T07:10:15.000+01:00",
        "2026-11-21T06:10:15.000Z[UTC]",
        "2026-11-21T06:10:15.000[UTC]Z",
        "2026-11-21T06:10:60.000Z",
        "2026-11-21T24:00:00.000Z",
        "2026-02-29T00:00:00.000Z",
        "1969-12-31T23:59:59.999Z",
        "-000001-01-01T00:00:00.000Z",
        "+002026-11-21T06:10:15.000Z",
        "10000-01-01T00:00:00.000Z",
        "20261121T061015.000Z",
    ] {
        assert_eq!(text.parse::<Time>(), Err(TimeError::Text { found: text.to_owned() }));
    }
}

#[test]
fn the_year_10000_is_too_late() {
    assert_eq!(Time::from_ms(TIME_MAX_MS + 1), Err(TimeError::TooLate { found: TIME_MAX_MS + 1 }));
    assert!(serde_json::from_str::<Time>("253402300800000").is_err());
    assert!(serde_json::from_str::<Time>("-1").is_err());
    assert!(serde_json::from_str::<Time>("1.0").is_err());
}

#[test]
fn arithmetic_stays_within_the_range() {
    let last = Time::from_ms(TIME_MAX_MS).unwrap();
    assert_eq!(last.saturating_add_ms(1), last);
    assert_eq!(last.saturating_add_ms(u64::MAX), last);
    assert_eq!(Time::default().saturating_sub_ms(1), Time::default());
    assert_eq!(Time::default().ms_since(last), 0);
    assert_eq!(last.ms_since(Time::default()), TIME_MAX_MS);
    assert_eq!(Time::from_ms(1_999).unwrap().seconds_round_down(), 1);
}

proptest! {
    #[test]
    fn every_time_survives_its_text(ms in 0..=TIME_MAX_MS) {
        let time = Time::from_ms(ms).unwrap();
        prop_assert_eq!(time.to_string().parse::<Time>().unwrap(), time);
        prop_assert_eq!(time.to_string().len(), 24);
    }

    #[test]
    fn texts_sort_as_times_do(a in 0..=TIME_MAX_MS, b in 0..=TIME_MAX_MS) {
        let (x, y) = (Time::from_ms(a).unwrap(), Time::from_ms(b).unwrap());
        prop_assert_eq!(x.cmp(&y), x.to_string().cmp(&y.to_string()));
    }
}
