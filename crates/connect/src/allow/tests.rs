use super::*;
use proptest::prelude::*;

fn list() -> AllowList {
    AllowList::new(["hooks.example.com", "erp.example.org:8443"]).unwrap().with_loopback(9_000)
}

#[track_caller]
fn url(address: &str) -> String {
    list().target(address).unwrap().url().to_owned()
}

#[test]
fn hosts_that_were_named_are_sent_to() {
    assert_eq!(url("https://hooks.example.com"), "https://hooks.example.com:443/");
    assert_eq!(url("https://HOOKS.example.com:443/a?b=c"), "https://hooks.example.com:443/a?b=c");
    assert_eq!(url("https://hooks.example.com?b=c"), "https://hooks.example.com:443/?b=c");
    assert_eq!(url("https://erp.example.org:8443/in"), "https://erp.example.org:8443/in");
    assert_eq!(url("http://localhost:9000/x"), "http://localhost:9000/x");
}

#[test]
fn no_other_host_and_no_trick_with_an_address_is() {
    for (address, expected) in [
        ("https://example.com/", "not on the list"),
        ("https://hooks.example.com:8443/", "not on the list"),
        ("https://erp.example.org/", "not on the list"),
        ("https://a.hooks.example.com/", "not on the list"),
        ("https://hooks.example.com.evil.net/", "not on the list"),
        ("http://hooks.example.com/", "not on the list"),
        ("http://localhost/", "not on the list"),
        ("https://localhost:9000/", "not on the list"),
        ("http://localhost:9001/", "not on the list"),
        ("https://hooks.example.com@evil.net/", "no user and no fragment"),
        ("https://evil.net#@hooks.example.com/", "no user and no fragment"),
        ("https://evil.net\\@hooks.example.com/", "without a backslash"),
        ("https://hooks.example.com\\.evil.net/", "without a backslash"),
        ("https://evil.net/\nHost: hooks.example.com", "visible ASCII"),
        ("https://hooks.exämple.com/", "visible ASCII"),
        ("https://hooks.example.com./", "a host's name"),
        ("https://hooks..example.com/", "a host's name"),
        ("https://hooks%2eexample.com/", "a host's name"),
        ("https:///", "a host's name"),
        ("https://hooks.example.com:0/", "a port"),
        ("https://hooks.example.com:+443/", "a port"),
        ("https://hooks.example.com:443:80/", "a port"),
        ("https://hooks.example.com:/", "a port"),
        ("ftp://hooks.example.com/", "`https://`"),
        ("file:///etc/passwd", "`https://`"),
        ("//hooks.example.com/", "`https://`"),
        ("", "`https://`"),
        ("https://127.0.0.1/", "an IP address"),
        ("https://127.1/", "an IP address"),
        ("https://2130706433/", "an IP address"),
        ("https://0x7f000001/", "an IP address"),
        ("https://0177.0.0.1/", "an IP address"),
        ("https://hooks.example.0x7f/", "an IP address"),
        ("https://[::1]/", "an IP address"),
        ("https://[::ffff:127.0.0.1]/", "an IP address"),
        ("http://127.0.0.1:9000/", "an IP address"),
    ] {
        let found = list().target(address).unwrap_err().to_string();
        assert!(found.contains(expected), "{address}: expected `{expected}`, found `{found}`");
    }
    assert!(matches!(AllowList::new(["10.0.0.1"]), Err(TargetError::Number { .. })));
    assert!(matches!(AllowList::new(["a b"]), Err(TargetError::Form { .. })));
}

#[test]
fn only_addresses_of_the_public_internet_are_public() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
        assert!(!Reach::Public.admits(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn what_lies_beside_special_networks_is_public() {
    for address in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "2606:4700:4700::1111",
        "2a00:1450::1",
        "2001:4860:4860::8888",
        "2003::1",
    ] {
        assert!(is_public(address.parse().unwrap()), "{address}");
        assert!(!Reach::Loopback.admits(address.parse().unwrap()), "{address}");
    }
    assert!(Reach::Loopback.admits("127.0.0.1".parse().unwrap()));
    assert!(!Reach::Loopback.admits("10.0.0.1".parse().unwrap()));
}

proptest! {
    #[test]
    fn whatever_is_allowed_is_read_as_a_host_on_the_list_by_another_reader_too(
        text in prop_oneof![
            ".*",
            "https?://[a-z.@:/?#\\\\]{0,30}",
            "https?://(hooks\\.example\\.com|localhost)[:@/?#.a-z0-9\\\\]{0,20}",
        ],
    ) {
        if let Ok(target) = list().target(&text) {
            let read: ureq::http::Uri = target.url().parse().unwrap();
            let host = (read.host().unwrap(), read.port_u16().unwrap());
            prop_assert!([("hooks.example.com", 443), ("localhost", 9_000)].contains(&host), "{}", text);
        }
    }
}
