use super::*;

#[test]
fn an_endpoint_is_named_by_its_host_and_nothing_of_its_key() {
    assert_eq!(host("https://rpc.example.org/v3/5ecret?k=1"), Ok("rpc.example.org"));
    assert_eq!(host("https://user:5ecret@rpc.example.org:8545"), Ok("rpc.example.org:8545"));
    assert_eq!(host("http://[::1]:8545/"), Ok("[::1]:8545"));
    for wrong in ["rpc.example.org", "ftp://a", "https://", "https:///a", "wss://a", "https://a b"] {
        assert!(host(wrong).is_err(), "`{wrong}` was taken");
    }
}

#[test]
fn a_response_is_a_result_or_an_error_and_nothing_else() {
    let ok = |body: &str| result(body.as_bytes());
    assert_eq!(ok(r#"{"jsonrpc":"2.0","id":1,"result":null}"#).unwrap(), Value::Null);
    assert_eq!(ok(r#"{"jsonrpc":"2.0","id":1,"result":"0x1"}"#).unwrap(), "0x1");
    let refused = ok(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"nonce too low"}}"#);
    assert_eq!(refused.unwrap_err().to_string(), "refuses: nonce too low");
    for wrong in ["", "<html>", "[]", "{}", r#"{"id":1}"#, r#"{"id":2,"result":"0x1"}"#] {
        assert!(matches!(ok(wrong), Err(AskError::Down(_))), "`{wrong}` was taken");
    }
}
