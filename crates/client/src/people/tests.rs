use super::*;

fn waiting() -> SignIn {
    SignIn {
        url: String::new(),
        challenge: "c".to_owned(),
        issuer: "https://id.bank.example".to_owned(),
        client: "lockstep".to_owned(),
        redirect: "http://127.0.0.1:1/signed-in".to_owned(),
        state: "s-1".to_owned(),
        verifier: "v".to_owned(),
        token_endpoint: "https://id.bank.example/token".to_owned(),
        options: Options::default(),
    }
}

fn said(query: &str) -> String {
    waiting().code(query).map_or_else(|error| error.to_string(), |code| format!("code {code}"))
}

#[test]
fn only_what_belongs_to_the_sign_in_gives_a_code() {
    let issuer = "iss=https%3A%2F%2Fid.bank.example";
    assert_eq!(said("state=s-1&code=a%2Fb"), "code a/b");
    assert_eq!(said(&format!("code=x&state=s-1&{issuer}")), "code x");
    for (query, part) in [
        ("", "state"),
        ("code=x", "state"),
        ("code=x&state=s-2", "state"),
        ("code=x&state=s-1&state=s-1", "twice"),
        ("code=x&code=y&state=s-1", "twice"),
        ("code=x&state=s-1&iss=https%3A%2F%2Fid.other.example", "another provider"),
        ("state=s-1", "no code"),
        ("code=%ZZ&state=s-1", "cannot be read"),
        ("state=s-1&error=access_denied%0A", "says no: access_denied"),
    ] {
        assert!(said(query).contains(part), "{query}: {}", said(query));
    }
}

#[test]
fn what_is_written_into_an_address_comes_back() {
    for text in ["", "openid email", "a+b&c=d%é\n", "http://127.0.0.1:1/x"] {
        let written = encoded(text);
        assert!(!written.contains([' ', '&', '=', '+', '\n']), "{written}");
        assert_eq!(decoded(&written).as_deref(), Some(text));
    }
}
