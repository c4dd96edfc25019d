use super::*;

#[test]
fn the_page_shows_a_file_that_is_taken() {
    let page = include_str!("../../../../../../docs/how-to/run-a-connector.md");
    let block = page.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
    let mut config: Config = toml::from_str(block).unwrap();
    config.place(Path::new("etc"));
    config.check().unwrap();
    assert_eq!((config.pushes.len(), config.pulls.len(), config.sends.len()), (2, 1, 1));
    assert_eq!(config.pulls[0].known_hosts, Path::new("etc/known_hosts"));
    assert_eq!(config.sends[0].key, "etc/connector.key");
}
