use super::*;

fn told(text: &str) -> Result<Vec<u64>, String> {
    let mut told = Vec::new();
    let read = events(text.as_bytes(), "record", |number: u64| {
        told.push(number);
        told.len() < 3
    });
    read.map(|()| told).map_err(|error| error.to_string())
}

#[test]
fn events_of_the_name_are_told_whole_and_in_order() {
    let text = ": still there\n\nevent: record\nid: 5\ndata: 1\n\nevent: other\ndata: x\n\n\
                event: record\r\ndata:2\r\n\r\ndata: 7\n\nevent: record\ndata: 3\n";
    assert_eq!(told(text), Ok(vec![1, 2]), "the last one has no end, and the one before no name");
    let more = "event: record\ndata: 1\n\n".repeat(5);
    assert_eq!(told(&more), Ok(vec![1, 1, 1]), "enough is enough");
}

#[test]
fn what_is_no_stream_of_ours_is_refused() {
    assert!(told("event: record\ndata: x\n\n").is_err());
    assert!(told(&format!("data: {}\n\n", "1".repeat(70_000))).unwrap_err().contains("too long"));
    let lines = format!("event: record\n{}\n", format!("data: {}\n", "1".repeat(60_000)).repeat(2));
    assert!(told(&lines).unwrap_err().contains("too long"));
}
