use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn time(seconds: u64) -> Time {
    Time::from_ms(seconds * 1_000).unwrap()
}

fn secret() -> Secret {
    Secret::from_text(SECRET).unwrap()
}

fn headers(id: &str, timestamp: &str, signature: &str) -> Headers {
    Headers { id: id.to_owned(), signature: signature.to_owned(), timestamp: timestamp.to_owned() }
}

#[test]
fn signatures_are_those_that_openssl_makes() {
    for (id, seconds, body, expected) in [
        (
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
        (
            "msg_2b5c9a",
            1_764_000_000,
            r#"{"data":{},"sequence":1}"#,
            "v1,jtlABEvsYiq/y132/TO0ENgPNX+ymgQ7bYaPm2y/F3U=",
        ),
    ] {
        let signed = sign(&secret(), id, body.as_bytes(), time(seconds)).unwrap();
        assert_eq!(signed, headers(id, &seconds.to_string(), expected));
        check(&[secret()], &signed, body.as_bytes(), time(seconds)).unwrap();
    }
}

#[test]
fn every_part_is_covered_and_one_good_signature_is_enough() {
    let (body, now) = (&b"{}"[..], time(1_764_000_000));
    let good = sign(&secret(), "a", body, now).unwrap();
    let refused = |headers: &Headers, body: &[u8]| check(&[secret()], headers, body, now).unwrap_err();
    assert_eq!(refused(&good, b"{} "), WebhookError::Signature);
    assert_eq!(refused(&headers("b", &good.timestamp, &good.signature), body), WebhookError::Signature);
    assert_eq!(refused(&headers("a", "1764000001", &good.signature), body), WebhookError::Signature);
    let other = Secret::from_text("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
    assert_eq!(check(&[], &good, body, now), Err(WebhookError::Signature));
    assert_eq!(check(std::slice::from_ref(&other), &good, body, now), Err(WebhookError::Signature));
    assert_eq!(check(&[other, secret()], &good, body, now), Ok(()), "while a secret is replaced");
    let many = headers("a", &good.timestamp, &format!("v1a,x v1,AAAA {} v2,zz", good.signature));
    assert_eq!(check(&[secret()], &many, body, now), Ok(()));
    for bad in [
        "",
        "v1,",
        "v1",
        &good.signature[3..],
        &good.signature.replace("v1", "v2"),
        "v1,====",
        &good.signature[..good.signature.len() - 2],
    ] {
        assert_eq!(refused(&headers("a", &good.timestamp, bad), body), WebhookError::Signature, "{bad}");
    }
    let crowd = [good.signature.as_str(); 9].join(" ");
    assert_eq!(refused(&headers("a", &good.timestamp, &crowd), body), WebhookError::Signatures);
}

#[test]
fn what_is_older_than_the_window_or_of_the_future_does_not_count() {
    let signed = sign(&secret(), "a", b"{}", time(1_000_000)).unwrap();
    for (seconds, counts) in
        [(1_000_000, true), (1_000_300, true), (999_700, true), (1_000_301, false), (999_699, false)]
    {
        let found = check(&[secret()], &signed, b"{}", time(seconds));
        assert_eq!(found.is_ok(), counts, "{found:?}");
        assert!(counts || matches!(found, Err(WebhookError::Window { .. })));
    }
}

#[test]
fn texts_that_can_be_cut_in_two_ways_are_refused() {
    let now = time(2);
    // `a.1` at 2 with body `x` and `a` at 1 with body `2.x` would be signed by the same tag.
    assert!(matches!(sign(&secret(), "a.1", b"x", now), Err(WebhookError::Id { .. })));
    let good = sign(&secret(), "a", b"x", now).unwrap();
    for id in ["", "a b", "a.1", "ä", "a\n", &"x".repeat(129)] {
        let found = check(&[secret()], &headers(id, "2", &good.signature), b"x", now);
        assert!(matches!(found, Err(WebhookError::Id { .. })), "{id}");
    }
    for timestamp in ["", "2.0", "+2", "-2", "02", " 2", "9999999999999", "2e1", "999999999999"] {
        let found = check(&[secret()], &headers("a", timestamp, &good.signature), b"x", now);
        assert!(matches!(found, Err(WebhookError::Timestamp { .. })), "{timestamp} {found:?}");
    }
    let long = vec![b'x'; BODY_BYTES_MAX + 1];
    assert_eq!(check(&[secret()], &good, &long, now), Err(WebhookError::TooLong { found: long.len() }));
}

#[test]
fn secrets_are_long_enough_and_never_shown() {
    assert_eq!(Secret::from_text("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap_err(), SecretError::Form);
    assert_eq!(Secret::from_text("whsec_?").unwrap_err(), SecretError::Form);
    assert_eq!(Secret::from_text("whsec_AAAA").unwrap_err(), SecretError::Length { found: 3 });
    assert_eq!(format!("{:?}", secret()), "Secret(…)");
}
