use super::*;

fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
}

#[test]
fn a_host_that_is_not_this_machine_is_refused() {
    for host in
        ["localhost", "LocalHost:8545", "127.0.0.1", "127.0.0.1:1", "127.8.9.1:80", "[::1]", "[::1]:99"]
    {
        assert_eq!(pass(&headers(&[(HOST, host)])), Ok(None), "{host}");
    }
    for host in [
        "",
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:8545",
        "0.0.0.0:8545",
        "[::]:8545",
        "192.168.0.1",
        "me@localhost",
        "localhost/",
        "localhost:8545:1",
        "127.1",
        "[::ffff:127.0.0.1]",
    ] {
        let found = host.to_owned();
        assert_eq!(pass(&headers(&[(HOST, host)])), Err(Stranger::Host { found }), "{host}");
    }
    assert!(pass(&HeaderMap::new()).is_err(), "none at all");
    assert!(pass(&headers(&[(HOST, "localhost"), (HOST, "localhost")])).is_err(), "twice");
}

#[test]
fn pages_of_other_machines_are_refused_and_those_of_this_one_and_of_wallets_pass() {
    for origin in
        ["http://localhost:5173", "https://127.0.0.1", "http://[::1]:80", "chrome-extension://nkbihfbe"]
    {
        let asked = headers(&[(HOST, "localhost"), (ORIGIN, origin)]);
        assert_eq!(pass(&asked), Ok(Some(origin)), "{origin}");
    }
    for origin in [
        "null",
        "",
        "https://evil.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "file://",
        "data:text/html",
        "chrome-extension:",
        "ws://localhost",
        "localhost",
    ] {
        let found = origin.to_owned();
        let asked = headers(&[(HOST, "localhost"), (ORIGIN, origin)]);
        assert_eq!(pass(&asked), Err(Stranger::Origin { found }), "{origin}");
    }
    let twice = headers(&[(HOST, "[::1]"), (ORIGIN, "http://localhost"), (ORIGIN, "http://localhost")]);
    assert!(pass(&twice).is_err());
}
