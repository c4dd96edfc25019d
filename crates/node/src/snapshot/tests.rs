use super::*;

#[test]
fn it_is_due_after_many_records_and_earlier_after_many_changes() {
    for (records, nodes, expected) in [
        (0, 0, false),
        (EVERY - 1, NODES - 1, false),
        (EVERY, 0, true),
        (EVERY / LEAST, NODES, true),
        (EVERY / LEAST - 1, 10 * NODES, false),
    ] {
        assert_eq!(due((records, EVERY), nodes), expected, "{records} records, {nodes} nodes");
    }
}
