//! People of an institution sign in at a real provider of OpenID Connect (`oidc-provider` from npm), look at
//! a server, and sign nothing.

use crate::serve::{Served, ledger};
use crate::town::{ACME, Town};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider")
}

/// The provider, as a process; dropped, it ends.
struct Provider {
    child: Child,
    issuer: String,
    /// Open while it runs: what else it says is not read, and is no reason to end.
    _out: BufReader<ChildStdout>,
}

impl Provider {
    /// None where Node or the package is absent; that is said.
    fn start() -> Option<Self> {
        if !folder().join("node_modules/oidc-provider").exists() {
            println!("skipped: oidc-provider is absent: run `npm ci` in crates/cli/tests/provider");
            return None;
        }
        let mut command = Command::new("node");
        command.current_dir(folder()).arg("provider.mjs");
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut child) = child else {
            println!("skipped: `node` is absent");
            return None;
        };
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let told: Value = serde_json::from_str(&line).unwrap();
        Some(Self { child, issuer: told["issuer"].as_str().unwrap().to_owned(), _out: out })
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn config(town: &Town, issuer: &str, client: &str) {
    let text = format!(
        "listen = \"127.0.0.1:0\"\n[[ledger]]\ndir = \"acme\"\n[ledger.people]\nissuer = \"{issuer}\"\n\
         client = \"{client}\"\nparty = \"{ACME}\"\nclaim = \"groups\"\nscopes = [\"openid\", \"groups\"]\n\
         [ledger.people.roles]\nviewer = [\"desk\"]\napprover = [\"heads\"]\nadministrator = [\"it\"]\n"
    );
    std::fs::write(town.path("lockstep.toml"), text).unwrap();
}

/// Somebody signs in with a browser; what `lockstep login` gave.
fn login(town: &Town, person: &str) -> crate::town::Ran {
    let browser = town.path("browser");
    let script = format!("#!/bin/sh\nexec node '{}' \"$1\"\n", folder().join("browser.mjs").display());
    std::fs::write(&browser, script).unwrap();
    town.mode("browser", 0o700);
    let mut command = town.command(&["login", "acme", "--browser", browser.to_str().unwrap()]);
    crate::ran(&command.env("PERSON", person).output().unwrap())
}

#[test]
fn people_sign_in_with_a_browser_look_as_their_role_lets_them_and_sign_nothing() {
    let Some(provider) = Provider::start() else { return };
    let town = Town::with_ledger();
    let case = town.open_case();
    config(&town, &provider.issuer, "lockstep");
    let id = ledger(&town);
    let served = Served::start(&town, &["serve", "--config", "lockstep.toml"]);
    town.ask(&["--server", &served.url, "--ledger", &id]);
    let fault = |args: &[&str]| town.run(args).fault();
    assert_eq!(fault(&["case", "list", "acme"]), "server-key", "nobody is signed in");

    let viewer = login(&town, "alice.desk");
    assert_eq!((viewer.code, &viewer.json()["party"]), (0, &ACME.into()), "{}", viewer.err);
    assert_eq!(viewer.json()["roles"], serde_json::json!(["viewer"]));
    assert_eq!(town.ok(&["case", "list", "acme"])[0]["case"], case.as_str());
    assert_eq!(town.ok(&["case", "show", "acme", &case])["phase"], "open");
    assert_eq!(fault(&["waiting", "acme"]), "not-found", "what waits is for approvers");
    assert_eq!(fault(&["reads", "acme"]), "not-found", "who read what is for administrators");
    let kept = town.path(&format!("state/{id}.signed-in"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&kept).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let approver = login(&town, "bob.heads.others");
    assert_eq!(approver.json()["roles"], serde_json::json!(["viewer", "approver"]), "{}", approver.err);
    assert_eq!(town.ok(&["waiting", "acme"])["steps"][0]["step"], "request");
    // A person prepares what waits; it is signed by a key: nothing else is asked for, and a person has none.
    assert_eq!(town.attest(&case, "request", "issuer", &[]).code, 0);
    let drafts = || std::fs::read_dir(town.path("drafts")).unwrap().count();
    crate::draft::statement(&town);
    let make = ["draft", "make", "acme", &case, "payment", "--from", "day.xml", "--map", "map.toml"];
    let made = town.ok(&[&make[..], &["--ref", "HB2611200000017", "-o", "drafts"]].concat());
    assert_eq!((&made["made"], drafts()), (&true.into(), 2));
    let file = made["file"].as_str().unwrap();
    assert_eq!(town.run(&["attest", "acme", "--draft", file, "--as", "custodian"]).code, 0);

    let administrator = login(&town, "carol.it");
    assert_eq!(administrator.json()["roles"], serde_json::json!(["administrator"]));
    assert_eq!(fault(&["case", "show", "acme", &case]), "not-found");
    let reads = town.ok(&["reads", "acme"]);
    let first = &reads["items"][0];
    assert_eq!((&first["case"], &first["reader"]), (&case.as_str().into(), &ACME.into()));
    assert!(first["person"].is_string() && !reads.to_string().contains("alice"), "{reads}");
    assert_eq!(fault(&["case", "list", "acme"]), "not-found");
    // The ledger's administrators have keys; others with keys have no business there.
    assert!(!town.ok(&["reads", "acme", "--as", "admin"])["items"].as_array().unwrap().is_empty());
    assert_eq!(fault(&["reads", "acme", "--as", "auditor"]), "not-found");

    // The provider knows this person; the server has nothing for it, and the last sign-in stays.
    let nobody = login(&town, "dave.others");
    assert_eq!((nobody.code, nobody.fault().as_str()), (1, "no-role"), "{}", nobody.err);
    town.ok(&["reads", "acme"]);
    // A token is for the server that gave it.
    served.process.end();
    let again = Served::start(&town, &["serve", "--config", "lockstep.toml"]);
    town.ask(&["--server", &again.url, "--ledger", &id]);
    assert_eq!(fault(&["reads", "acme"]), "server-key");
    again.process.end();
}

#[test]
fn a_provider_that_does_not_know_the_server_lets_nobody_in() {
    let Some(provider) = Provider::start() else { return };
    let town = Town::founded(&[]);
    config(&town, &provider.issuer, "somebody-else");
    let served = Served::start(&town, &["serve", "--config", "lockstep.toml"]);
    town.ask(&["--server", &served.url]);
    // The provider shows its error to the person, and sends nobody back.
    let mut waits = town.command(&["login", "acme"]);
    let mut waits = waits.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let told = BufReader::new(waits.stderr.take().unwrap()).lines().map_while(Result::ok);
    let url = told.into_iter().find(|line| line.starts_with("http")).unwrap();
    let mut browser = Command::new("node");
    let shown = browser.arg(folder().join("browser.mjs")).arg(&url).env("PERSON", "alice.desk").output();
    assert!(String::from_utf8_lossy(&shown.unwrap().stdout).contains("invalid_client"));
    assert!(waits.try_wait().unwrap().is_none(), "it waits on");
    waits.kill().unwrap();
    waits.wait().unwrap();
    assert_eq!(town.run(&["waiting", "acme"]).fault(), "server-key");
}
