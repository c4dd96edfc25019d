use super::*;

fn all(text: &str) -> Result<Vec<Event>, String> {
    let (mut stream, mut found) = (text.as_bytes(), Vec::new());
    while let Some(event) = next(&mut stream).map_err(|error| error.to_string())? {
        found.push(event);
    }
    Ok(found)
}

fn event(name: &str, id: Option<&str>, data: &str) -> Event {
    Event { name: name.to_owned(), id: id.map(str::to_owned), data: data.to_owned() }
}

#[test]
fn events_are_read_as_they_are_written() {
    let text = ": alive\n\nevent: all\ndata: {\"items\":[]}\nid: 7\n\n:\n\nevent:gone\r\ndata:1\r\n\r\n";
    assert_eq!(all(text).unwrap(), [event("all", Some("7"), "{\"items\":[]}"), event("gone", None, "1")]);
    assert_eq!(all("").unwrap(), []);
}

#[test]
fn what_is_cut_off_is_no_event() {
    // A whole line without the empty one after it is not told either.
    assert_eq!(all("event: gone\ndata: 1\n").unwrap(), []);
    assert!(all("event: gone\ndata: 1").unwrap_err().contains("cut off"));
    assert!(all(&"x".repeat(9_000_000)).is_err());
}

#[test]
fn an_event_of_another_form_is_not_passed_over() {
    assert_eq!(
        WaitingEvent::read(&event("all", None, "{\"items\":[]}")),
        Ok(Some(WaitingEvent::All(vec![])))
    );
    assert_eq!(WaitingEvent::read(&event("later", None, "1")), Ok(None));
    for (name, data) in [("all", "[]"), ("waits", "{}"), ("gone", "{\"step\":1}"), ("waits", "")] {
        assert!(WaitingEvent::read(&event(name, None, data)).is_err(), "{name}: {data}");
    }
}
