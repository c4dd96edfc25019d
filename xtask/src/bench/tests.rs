use super::*;

#[test]
fn a_measure_is_shown_as_a_row() {
    let line = r#"{"measure":"verify pack","value":12.5,"unit":"ms","yardstick":"signatures alone","ratio":0.75,
        "goal":"at most 15 ms","met":false}"#;
    let row = row(&parse(line).unwrap());
    for part in ["verify pack", "12.500 ms", "0.750", "signatures alone", "at most 15 ms", "NOT MET"] {
        assert!(row.contains(part), "`{part}` in `{row}`");
    }
}

#[test]
fn a_line_without_goal_or_with_more_fields_is_no_measure() {
    for line in
        ["", "hello", "{}", r#"{"measure":"x","value":1,"unit":"ms","yardstick":"y","ratio":1,"met":true}"#]
    {
        assert_eq!(parse(line).unwrap_err().to_string(), format!("`{line}` is not a measure"));
    }
}
