use super::*;

#[test]
fn every_command_is_well_formed_with_a_folder_and_with_a_server() {
    Cli::command().debug_assert();
    without_folder(Cli::command()).debug_assert();
}

#[test]
fn with_a_server_the_first_argument_is_no_folder() {
    let read = |command: Command, args: &[&str]| {
        let matches = command.try_get_matches_from(args).unwrap();
        let matches = matches.subcommand_matches("attest").unwrap();
        matches.get_one::<String>("case").unwrap().clone()
    };
    let folder = ["lockstep", "attest", "acme", "c0ffee", "request", "--as", "key"];
    assert_eq!(read(Cli::command(), &folder), "c0ffee");
    let server = ["lockstep", "attest", "c0ffee", "request", "--as", "key", "--server", "http://127.0.0.1:1"];
    assert_eq!(read(without_folder(Cli::command()), &server), "c0ffee");
}
