use super::*;

fn of(url: &str) -> Option<String> {
    literal(&url.parse().unwrap()).map(|address| address.to_string())
}

#[test]
fn a_host_that_is_an_address_is_asked_of_nobody() {
    assert_eq!(of("https://127.0.0.1:8443/v1").unwrap(), "127.0.0.1:8443");
    assert_eq!(of("https://[::1]/v1").unwrap(), "[::1]:443");
    assert_eq!(of("http://127.0.0.1").unwrap(), "127.0.0.1:80");
    assert_eq!(of("https://acme.example:8443/"), None);
    assert_eq!(of("https://127.0.0.1.example/"), None);
}

#[test]
fn addresses_of_a_name_are_of_that_name_and_port() {
    let uri: Uri = "http://localhost:8080/".parse().unwrap();
    let addresses = Place::default().empty();
    let known = Known { host: "localhost".to_owned(), port: Some(8080), addresses, since: Instant::now() };
    assert!(known.is_of(&uri));
    assert!(!known.is_of(&"http://localhost:8081/".parse().unwrap()));
    assert!(!known.is_of(&"http://localhost.example:8080/".parse().unwrap()));
    let long_ago = Instant::now().checked_sub(KEPT).unwrap();
    assert!(!Known { since: long_ago, ..known }.is_of(&uri));
}
