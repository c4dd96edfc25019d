use super::*;

#[test]
fn a_key_is_a_structured_string_and_nothing_else() {
    assert_eq!(
        read("\"8e03978e-40d5-43e8-bc93-6894a57f9324\"").as_deref(),
        Some("8e03978e-40d5-43e8-bc93-6894a57f9324")
    );
    assert_eq!(read("\"a \\\"b\\\"\"").as_deref(), Some("a \"b\""));
    let (longest, longer) = (format!("\"{}\"", "k".repeat(128)), format!("\"{}\"", "k".repeat(129)));
    assert_eq!(read(&longest).map(|key| key.len()), Some(128));
    for other in
        ["", "\"\"", "abc", "8e03978e", "\"a", "\"a\";p=1", "\"a\", \"b\"", ":YQ==:", "\"é\"", &longer]
    {
        assert_eq!(read(other), None, "{other}");
    }
}
