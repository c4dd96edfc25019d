use super::*;

#[test]
fn durations_have_a_number_and_a_unit() {
    let table = [
        ("1s", 1_000),
        ("5m", 300_000),
        ("36h", 129_600_000),
        ("7d", 604_800_000),
        ("3660d", DURATION_MS_MAX),
    ];
    for (text, ms) in table {
        assert_eq!(parse(text), Ok(ms), "{text}");
    }
    for text in ["", "5", "m", "05m", "5 m", "-5m", "1w", "1.5h", "5M", "٥m", "5é"] {
        assert!(matches!(parse(text), Err(DurationError::Form { .. })), "{text}");
    }
    for text in ["0s", "3661d", "99999999999999999999s", "18446744073709551615d"] {
        assert!(matches!(parse(text), Err(DurationError::Range { .. })), "{text}");
    }
}

#[test]
fn durations_read_in_their_largest_unit() {
    let table =
        [(1_000, "1 second"), (90_000, "90 seconds"), (129_600_000, "36 hours"), (86_400_000, "1 day")];
    for (ms, expected) in table {
        assert_eq!(words(ms), expected);
    }
}
