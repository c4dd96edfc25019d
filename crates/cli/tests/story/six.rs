//! Six institutions, each a process in a folder of its own, issue and redeem on a server under TLS, as the
//! page says; the chain is the embedded one, served.

use crate::how_to;
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How the page makes a key of an institution: folder, suite, name.
pub const NEW: &str = r#"new() { own "$1" key new --suite "$2" --out "$3.key"; }"#;
const PAGE: &str = "six-institutions.md";
/// How long all of it may take: whoever fails ends it at once, and a machine may stand still for a while.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// Headings of what is done once, by one shell, whose children go on.
const BEFORE: [&str; 4] =
    ["Keys", "The operator: a chain, contracts, a server", "What each is told", "The rules, once"];
const END: &str = "The end";
/// Headings of those who are processes at once. One of them never ends by itself.
const DESKS: [&str; 8] =
    ["Acme", "Acme's officers", "Northbank", "Fair", "Clear", "Watcher", "The holder", "Otherbank"];
const ENDLESS: &str = "Watcher";

/// Runs a script and notes how it has ended. It goes on until it is killed, so that nobody else can have the
/// number of its group meanwhile.
const KEEPER: &str = r#"bash -c "$0"; echo $? > "$1"; exec sleep 86400"#;

/// A shell, and whatever it has started; what they say is in a file.
struct Shell {
    keeper: Child,
    name: String,
    out: PathBuf,
    code: PathBuf,
}

impl Shell {
    fn start(dir: &Path, (name, script): (&str, &str)) -> Self {
        let (out, code) = (dir.join(format!("{name}.out")), dir.join(format!("{name}.code")));
        let file = File::create(&out).unwrap();
        let mut command = Command::new("bash");
        command.current_dir(dir).args(["-c", KEEPER, &format!("set -euo pipefail\n{script}\n")]).arg(&code);
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let keeper = command.process_group(0).spawn().unwrap();
        Self { keeper, name: name.to_owned(), out, code }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.out).unwrap()).into_owned()
    }

    /// Whether it has ended well; what it said, where it has failed.
    fn has_ended(&mut self) -> Result<bool, String> {
        let code = std::fs::read_to_string(&self.code).unwrap_or_default();
        let killed = self.keeper.try_wait().unwrap().map(|status| status.to_string());
        let how = match (code.trim_end(), killed) {
            ("", None) => return Ok(false),
            ("0", None) => return Ok(true),
            (_, Some(status)) => format!("was killed: {status}"),
            (code, None) => format!("has ended with exit code {code}"),
        };
        Err(format!("`{}` {how}:\n{}", self.name, self.said()))
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // A group whose first process is gone may be somebody else's by now.
        if matches!(self.keeper.try_wait(), Ok(None)) {
            let group = format!("-{}", self.keeper.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
            let _ = self.keeper.wait();
        }
    }
}

/// The page, as one of its readers follows it.
pub struct Played {
    tree: TempDir,
    sections: Vec<(String, String)>,
}

impl Played {
    /// With ports of this machine that nobody uses, and whatever else is written otherwise.
    pub fn with(otherwise: impl Fn(&str) -> String) -> Self {
        let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = free.each_ref().map(|listener| listener.local_addr().unwrap().port().to_string());
        let placed =
            |script: String| otherwise(&script.replace("8545", &ports[0]).replace("7443", &ports[1]));
        let sections = how_to::sections(PAGE);
        assert!(sections.iter().any(|(_, script)| script.contains(NEW)), "the page makes keys otherwise");
        let sections = sections.into_iter();
        let sections = sections.map(|(heading, script)| (heading, placed(script))).collect();
        Self { tree: how_to::tree(), sections }
    }

    /// A place in the folder in which the page is followed.
    pub fn path(&self, name: &str) -> PathBuf {
        self.tree.path().join(name)
    }

    /// Another program in the place of what stands under a heading.
    pub fn instead(&mut self, heading: &str, script: String) {
        let found = self.sections.iter_mut().find(|(name, _)| name == heading);
        found.unwrap_or_else(|| panic!("the page has no heading `{heading}`")).1 = script;
    }

    fn script(&self, heading: &str) -> &str {
        let found = self.sections.iter().find(|(name, _)| name == heading);
        &found.unwrap_or_else(|| panic!("the page has no heading `{heading}`")).1
    }

    /// All of it; what each desk has said.
    pub fn play(&self) -> Vec<(String, String)> {
        let begun = Instant::now();
        let before: Vec<&str> = BEFORE.iter().map(|heading| self.script(heading)).collect();
        let (ready, done) = ("touch ../ready", "until test -e ../done; do sleep 1; done");
        let script = format!("{}\n{ready}\n{done}\n{}\nwait\n", before.join("\n"), self.script(END));
        let mut shells = vec![Shell::start(self.tree.path(), ("before", &script))];
        until(begun, &mut shells, |_| self.path("ready").exists());
        let desk = |heading: &&str| Shell::start(self.tree.path(), (heading, self.script(heading)));
        shells.extend(DESKS.iter().map(desk));
        // All but the server's shell, and one that never ends.
        until(begun, &mut shells, |ended| ended.iter().filter(|ended| **ended).count() == DESKS.len() - 1);
        let said = shells.iter().map(|shell| (shell.name.clone(), shell.said())).collect();
        shells.truncate(1);
        std::fs::write(self.path("done"), "").unwrap();
        until(begun, &mut shells, |ended| ended == [true]);
        said
    }

    /// What has to be so in the end, whoever signed by whatever.
    pub fn holds(&self, said: &[(String, String)]) {
        let of = |name: &str| &said.iter().find(|(desk, _)| desk == name).unwrap().1;
        let (trustee, observer) = (of("Otherbank"), of(ENDLESS));
        assert_eq!(trustee.matches("VERIFIED").count(), 2, "{trustee}");
        assert!(trustee.contains("stablecoin.issue") && trustee.contains("stablecoin.redeem"), "{trustee}");
        assert!(observer.contains(" 999000000000 units, executed: 1"), "a thousand were burned: {observer}");
        for pack in ["issuance", "redemption"] {
            let path = self.tree.path().join(format!("try-six/acme/{pack}.json"));
            let changed = std::fs::read_to_string(&path).unwrap().replace("1000.00", "9000.00");
            let changed = changed.replace("1000000.00", "9000000.00");
            std::fs::write(&path, changed).unwrap();
            let mut verify = Command::new(env!("CARGO_BIN_EXE_lockstep"));
            let trust = self.tree.path().join("try-six/otherbank/trust.json");
            let verdict = verify.arg("verify").arg(path).arg("--trust").arg(trust).output().unwrap();
            assert_eq!(verdict.status.code(), Some(1), "{verdict:?}");
        }
    }

    /// Files of institutions that hold a secret key.
    pub fn key_files(&self) -> Vec<String> {
        let root = self.tree.path().join("try-six");
        let folders = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path());
        let files =
            folders.filter(|path| path.is_dir()).flat_map(|folder| std::fs::read_dir(folder).unwrap());
        let holds = |path: &PathBuf| {
            let text = std::fs::read(path).unwrap_or_default();
            String::from_utf8_lossy(&text).contains("lockstep-key/1")
        };
        let files = files.map(|entry| entry.unwrap().path()).filter(holds);
        let mut named: Vec<String> =
            files.map(|path| path.strip_prefix(&root).unwrap().display().to_string()).collect();
        named.sort();
        named
    }
}

/// Waits; whoever fails ends it for all.
fn until(begun: Instant, shells: &mut [Shell], holds: impl Fn(&[bool]) -> bool) {
    loop {
        let ended: Result<Vec<bool>, String> = shells.iter_mut().map(Shell::has_ended).collect();
        let all = || shells.iter().map(|shell| format!("`{}`:\n{}", shell.name, shell.said()));
        let ended = ended.unwrap_or_else(|what| panic!("{what}\n\n{}", all().collect::<Vec<_>>().join("\n")));
        if holds(&ended) {
            return;
        }
        let text = || all().collect::<Vec<_>>().join("\n");
        assert!(begun.elapsed() < PATIENCE, "not in {PATIENCE:?}:\n{}", text());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn six_institutions_issue_and_redeem_over_tls_as_the_page_says() {
    let page = Played::with(str::to_owned);
    page.holds(&page.play());
    assert_eq!(page.key_files().len(), 16, "each in the folder of whoever it is of");
}
