use super::*;

#[test]
fn a_token_goes_in_the_clear_to_this_machine_only() {
    for (url, expected) in [
        ("https://kms.example/v1/signatures", ("kms.example", false)),
        ("https://kms.example:8443", ("kms.example:8443", false)),
        ("http://127.0.0.1:9000/v1", ("127.0.0.1:9000", true)),
        ("http://[::1]:9000", ("[::1]:9000", true)),
        ("http://[::1]", ("[::1]", true)),
    ] {
        assert_eq!(host(url), Ok(expected), "{url}");
    }
    for url in [
        "ftp://kms.example",
        "https://",
        "https://user:secret@kms.example",
        "https://kms.example/v1?key=secret",
        "http://kms.example",
        "http://localhost:9000",
        "http://127.0.0.1.example",
        "http://127.0.0.1@kms.example",
        "http://127.0.0.1:9000@kms.example",
        "http://[::1",
    ] {
        assert!(host(url).is_err(), "{url}");
    }
}
