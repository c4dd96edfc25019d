use super::*;

#[test]
fn each_failure_doubles_the_pause_up_to_a_minute_and_an_answer_ends_it() {
    let (mut health, mut now) = (Health::default(), 1_000);
    assert_eq!(health.aside(now), None);
    for pause_ms in [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000] {
        health.failed(now, "HTTP 429");
        let left = format!("is left aside for {pause_ms} ms more: HTTP 429");
        assert_eq!(health.aside(now), Some(left));
        assert!(health.aside(now + pause_ms - 1).is_some());
        now += pause_ms;
        assert_eq!(health.aside(now), None, "it is tried again");
    }
    health.answered();
    health.failed(now, "HTTP 429");
    assert_eq!(health.aside(now + 500), None, "the first pause again");
}
