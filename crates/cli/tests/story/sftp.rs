//! Files on a partner's SFTP server, a real `sshd` of OpenSSH on loopback: fetched once, kept as they came,
//! and only from the server whose key is known.

use crate::connect::{Connector, config, drafts, origins, statement, until};
use crate::town::Town;
use serde_json::Value;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SSHD: &str = "/usr/sbin/sshd";

/// `sshd` for each connection to a port of this machine, with `out` and `done` in the town's folder.
struct Bank {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Bank {
    /// None where OpenSSH's server or client is absent: the test says so.
    fn start(town: &Town) -> Option<Self> {
        let there = |program: &str, arg| {
            Command::new(program).arg(arg).stdin(Stdio::null()).stderr(Stdio::null()).output().is_ok()
        };
        if !Path::new(SSHD).exists() || !there("sftp", "-h") || !there("ssh-keygen", "-h") {
            println!("skipped: `{SSHD}`, `sftp` or `ssh-keygen` is absent: install openssh-server");
            return None;
        }
        for name in ["host", "other", "own"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(town.path(name))
                .status()
                .unwrap();
            assert!(made.success());
        }
        for folder in ["out", "done"] {
            std::fs::create_dir(town.path(folder)).unwrap();
        }
        // Where the service has never begun, the folder that it starts in is not there.
        let _ = std::fs::create_dir_all("/run/sshd");
        let text = format!(
            "HostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nPidFile none\nLogLevel ERROR\nSubsystem sftp internal-sftp\n",
            town.path("host").display(),
            town.path("own.pub").display(),
        );
        std::fs::write(town.path("sshd_config"), text).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (count, config) = (Arc::clone(&connections), town.path("sshd_config"));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                let socket = OwnedFd::from(stream.unwrap());
                let mut sshd = Command::new(SSHD);
                sshd.args(["-i", "-e", "-f"]).arg(&config);
                let (input, output) = (socket.try_clone().unwrap(), socket);
                let child = sshd.stdin(input).stdout(output).stderr(Stdio::null()).spawn();
                std::thread::spawn(move || child.unwrap().wait());
            }
        });
        let bank = Self { port, connections };
        bank.known(town, "host.pub");
        Some(bank)
    }

    /// The key by which the bank is known from here on.
    fn known(&self, town: &Town, key: &str) {
        let key = std::fs::read_to_string(town.path(key)).unwrap();
        let words: Vec<&str> = key.split(' ').take(2).collect();
        std::fs::write(town.path("known_hosts"), format!("[127.0.0.1]:{} {}\n", self.port, words.join(" ")))
            .unwrap();
    }

    fn pulls(&self, town: &Town, more: &str) {
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let (user, out) = (String::from_utf8(user).unwrap(), town.path("out"));
        let text = format!(
            "[[pull]]\nname = 'north'\nhost = '127.0.0.1'\nport = {}\nuser = '{}'\nfolder = '{}'\n\
             identity = 'own'\nknown_hosts = 'known_hosts'\nevery = '1s'\n\
             mapping = 'bank.toml'\nbytes_max = 100000\n{more}",
            self.port,
            user.trim(),
            out.display()
        );
        config(town, &text);
    }

    /// Waits until the folder has been looked at so many times more, to the end.
    fn looks(&self, times: usize) {
        let wanted = self.connections.load(Ordering::SeqCst) + times + 1;
        until("a look", || (self.connections.load(Ordering::SeqCst) >= wanted).then_some(()));
    }
}

fn put(town: &Town, name: &str, text: &str) {
    std::fs::write(town.path("out").join(name), text).unwrap();
}

fn pulled(town: &Town) -> Value {
    serde_json::from_slice(&std::fs::read(town.path("desk/pulled/north.json")).unwrap()).unwrap()
}

#[test]
fn a_file_is_fetched_once_though_the_connector_is_killed_and_becomes_a_draft() {
    let town = Town::new();
    let Some(bank) = Bank::start(&town) else { return };
    let case = "07".repeat(32);
    std::fs::write(town.path("waits"), format!("HB2611200000017 {case} payment\n")).unwrap();
    bank.pulls(&town, "");
    put(&town, "day-1.xml", &statement());
    put(&town, "long.xml", &" ".repeat(100_001));
    put(&town, "other.xml", "<x/>");
    put(&town, "two words.xml", &statement());
    std::os::unix::fs::symlink(town.path("own"), town.path("out/key.xml")).unwrap();
    let connector = Connector::start(&town);
    let draft = until("a draft", || drafts(&town).first().cloned());
    connector.process.kill();
    assert_eq!(std::fs::read(draft.with_extension("json.origin")).unwrap(), statement().as_bytes());
    let connector = Connector::start(&town);
    bank.looks(3);
    let seen = pulled(&town);
    assert!(seen["files"]["day-1.xml"]["sha256"].is_string(), "{seen}");
    for name in ["long.xml", "other.xml"] {
        assert!(
            seen["files"][name]["refused"].is_string() && seen["files"][name]["sha256"].is_null(),
            "{seen}"
        );
    }
    assert_eq!(
        seen["files"].as_object().unwrap().len(),
        3,
        "no link, and no name that means something: {seen}"
    );
    assert_eq!((drafts(&town).len(), origins(&town)), (1, 1));

    // The same under another name is the same message; one that takes its place is another.
    put(&town, "day-1-again.xml", &statement());
    put(&town, "day-1.xml", &statement().replace("HARB-20261120-0001", "HARB-20261120-00022"));
    until("the other", || (origins(&town) == 2).then_some(()));
    bank.looks(2);
    assert_eq!((drafts(&town).len(), origins(&town)), (1, 2));
    assert!(
        connector.figures().contains("contradicted_total{partner=\"north\"} 1\n"),
        "{}",
        connector.figures()
    );
    let came: Vec<Value> = std::fs::read_dir(town.path("desk/origins"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some())
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    assert!(
        came.iter().all(|came| came["how"]["host"] == "127.0.0.1" && came["how"]["way"] == "pull"),
        "{came:?}"
    );
    connector.process.end();
}

#[test]
fn what_was_kept_is_moved_and_a_server_with_another_key_is_not_asked() {
    let town = Town::new();
    let Some(bank) = Bank::start(&town) else { return };
    let done = town.path("done");
    bank.pulls(&town, &format!("done = '{}'\n", done.display()));
    bank.known(&town, "other.pub");
    put(&town, "day-1.xml", &statement());
    put(&town, "other.xml", "<x/>");
    let connector = Connector::start(&town);
    until("a failure", || {
        let figures = connector.figures();
        let failed = figures
            .lines()
            .find_map(|line| line.strip_prefix("lockstep_connect_failed_total{partner=\"north\"} "));
        (failed?.parse::<u32>().unwrap() >= 2).then_some(())
    });
    assert_eq!(origins(&town), 0);
    connector.process.end();

    bank.known(&town, "host.pub");
    let connector = Connector::start(&town);
    until("the file there", || done.join("day-1.xml").exists().then_some(()));
    bank.looks(2);
    assert_eq!(origins(&town), 1);
    assert!(town.path("out/other.xml").exists(), "what was not kept stays");
    assert!(!town.path("out/day-1.xml").exists());
    connector.process.end();
}
