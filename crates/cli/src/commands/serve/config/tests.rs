use super::*;

fn limits(text: &str) -> Result<Limits> {
    let config: Config = toml::from_str(&format!("{text}\n[[ledger]]\ndir = \"acme\"\n"))?;
    config.limits.limits()
}

#[test]
fn limits_that_are_not_named_are_the_usual_ones() {
    let usual = Limits::default();
    let found = limits("").unwrap();
    assert_eq!((found.connections, found.requests), (usual.connections, usual.requests));
    let found = limits(
        "[limits]\nconnections_per_address = 9\nreads = { per_second = 3, burst = 4 }\n\
         refused = { per_second = 1, burst = 2 }",
    )
    .unwrap();
    assert_eq!((found.connections_per_address, found.requests), (9, usual.requests));
    assert_eq!(found.reads, Rate { per_second: 3, burst: 4 });
    assert_eq!(found.refused, Rate { per_second: 1, burst: 2 });
}

#[test]
fn limits_that_would_lock_everybody_out_are_refused() {
    for text in [
        "connections = 0",
        "connections = 100001",
        "connections_per_address = 0",
        "reads = { per_second = 0, burst = 4 }",
        "reads = { per_second = 4, burst = 0 }",
        "reads = { per_second = 4 }",
        "writes = { per_second = 4, burst = 4 }",
    ] {
        assert!(limits(&format!("[limits]\n{text}")).is_err(), "{text}");
    }
}
