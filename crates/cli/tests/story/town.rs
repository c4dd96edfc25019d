//! A folder with keys, a ledger and institutions, and a way to run the program in it.

use lockstep_types::Time;
use serde_json::Value;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

pub const ACME: &str = "ACMEUSDISSUER0000046";
pub const NORTHBANK: &str = "NORTHBANKCUSTODY0090";
pub const OTHERBANK: &str = "OTHERBANK00000000062";
pub const FAIR: &str = "FAIRAUDITOR000000032";
pub const CLEAR: &str = "CLEARSCREENING000033";
pub const WATCHER: &str = "CHAINWATCHER00000041";
pub const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-issue");
pub const REDEEM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/stablecoin-redeem");
pub const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sources/samples");
pub const LIST: &str = "9d4b7e7ea0d3bd3ef9f2c3a3f8f1b2c0f1e2d3c4b5a697887766554433221100";

pub struct Town {
    dir: TempDir,
    /// What party commands name in place of the ledger's folder.
    server: RefCell<Vec<String>>,
}

/// What one run gave.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
    /// The stable code of the error.
    pub fn fault(&self) -> String {
        let object: Value = serde_json::from_str(self.err.lines().last().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err));
        object["error"]["code"].as_str().unwrap().to_owned()
    }
}

impl Town {
    pub fn new() -> Self {
        let (dir, server) = (TempDir::new().unwrap(), RefCell::new(Vec::new()));
        let town = Self { dir, server };
        town.private("pass", "correct horse battery\n");
        town
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn private(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        self.mode(name, 0o600);
    }

    pub fn mode(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Runs `lockstep --json` with a state folder and a passphrase file of this town.
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(&self.command(args).output().unwrap())
    }

    /// From now on parties ask here in place of the folder; with nothing, the folder again.
    pub fn ask(&self, server: &[&str]) {
        *self.server.borrow_mut() = server.iter().map(|part| (*part).to_owned()).collect();
    }

    /// What [`Town::run`] runs.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lockstep"));
        command.current_dir(self.dir.path()).arg("--json");
        let server = self.server.borrow();
        for arg in args {
            if *arg == "acme" && !server.is_empty() {
                command.args(server.iter());
            } else {
                command.arg(arg);
            }
        }
        command.args(["--state", "state", "--passphrase-file", "pass"]);
        command
    }

    /// Runs it and expects success.
    pub fn ok(&self, args: &[&str]) -> Value {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.out, ran.err);
        ran.json()
    }

    pub fn key(&self, suite: &str, name: &str) {
        self.ok(&["key", "new", "--suite", suite, "--out", name, "--cost", "10"]);
    }

    /// Keys of everybody, a ledger with four co-signers, three of whom must sign, issuers, lists and the
    /// policy.
    pub fn with_ledger() -> Self {
        Self::with_ledger_begun(&[])
    }

    /// The same, with more said to `init`.
    pub fn with_ledger_begun(more: &[&str]) -> Self {
        let town = Self::founded(more);
        town.govern();
        town.credentials();
        town
    }

    /// Keys of everybody, and a ledger with its first record only.
    pub fn founded(more: &[&str]) -> Self {
        let town = Self::new();
        for (suite, name) in [
            ("ed25519", "admin"),
            ("ed25519", "registry"),
            ("ed25519", "issuer"),
            ("es256", "custodian"),
            ("eip712", "auditor"),
            ("ed25519", "screening"),
            ("ed25519", "observer"),
            ("es256", "officer1"),
            ("es256", "officer2"),
            ("eip712", "cosigner1"),
            ("eip712", "cosigner2"),
            ("eip712", "cosigner3"),
            ("eip712", "cosigner4"),
        ] {
            town.key(suite, name);
        }
        let cosigner = |lei: &str, number: u8| format!("{lei}:c{number}=cosigner{number}.pub");
        let cosigners =
            [cosigner(ACME, 1), cosigner(NORTHBANK, 2), cosigner(FAIR, 3), cosigner(OTHERBANK, 4)];
        let admin = format!("{ACME}=admin.pub");
        let mut init = vec!["init", "acme", "--name", "acme", "--admin", &admin, "--notice", "0s"];
        init.extend(["--threshold", "3"]);
        init.extend(cosigners.iter().flat_map(|cosigner| ["--cosigner", cosigner]));
        town.ok(&[&init, more].concat());
        town
    }

    pub fn govern(&self) {
        self.govern_by(POLICY);
    }

    /// The same, with another policy.
    pub fn govern_by(&self, policy: &str) {
        let mut issuer =
            vec!["govern", "name-issuer", "acme", OTHERBANK, "--as", "admin", "--key", "registry.pub"];
        for (_, kind, _) in ROLES {
            issuer.extend(["--kind", kind]);
        }
        self.ok(&issuer);
        self.ok(&["govern", "list", "acme", "acme-usd/sanctions", "--digest", LIST, "--as", "admin"]);
        self.ok(&[
            "govern",
            "list",
            "acme",
            "acme-usd/blocked_countries",
            "--entry",
            "KP",
            "--entry",
            "IR",
            "--as",
            "admin",
        ]);
        let adopted = self.ok(&["govern", "adopt", "acme", policy, "--as", "admin"]);
        assert_eq!(adopted["enacted"], true);
    }

    pub fn credentials(&self) {
        for (lei, kind, keys) in ROLES {
            let mut args =
                vec!["credential", "issue", "acme", "--as", "registry", "--subject", lei, "--kind", kind];
            for key in keys {
                args.extend([if keys.len() > 1 { "--person" } else { "--key" }, key]);
            }
            self.ok(&args);
        }
    }

    pub fn open_case(&self) -> String {
        let opened = self.ok(&[
            "case",
            "open",
            "acme",
            "stablecoin.issue",
            "--as",
            "issuer",
            "--param",
            "amount=1000000",
            "--param",
            "beneficiary=0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
            "--param",
            "jurisdiction=no",
        ]);
        opened["case"].as_str().unwrap().to_owned()
    }

    pub fn attest(&self, case: &str, step: &str, key: &str, claims: &[&str]) -> Ran {
        let mut args = vec!["attest", "acme", case, step, "--as", key];
        for claim in claims {
            args.extend(["--claim", claim]);
        }
        if ["payment", "reserve", "payout"].contains(&step) {
            args.extend(["--evidence", STATEMENT]);
        }
        self.run(&args)
    }

    pub fn payment(&self, case: &str, entry: &str) -> Ran {
        let (entry, booked) = (format!("entry_ref={entry}"), format!("booked_at={}", ago(7_200_000)));
        let claims = [
            "amount=1000000.00",
            "servicer=NORTHNO1",
            "account=NO9386011117947",
            "servicer_ref=2026112000017",
            &entry,
            "debtor=Jane Doe",
            "booked=true",
            &booked,
        ];
        self.attest(case, "payment", "custodian", &claims)
    }

    /// The rest of a case after payment: balance, audit, screening. Reading and approval are left to the
    /// caller.
    pub fn evidence(&self, case: &str) {
        let as_of = format!("as_of={}", ago(3_600_000));
        let reserve = ["balance=5000000", &as_of, "segregated=true", "earmarked_for=ledger"];
        let list = format!("list={LIST}");
        for ran in [
            self.attest(case, "reserve", "custodian", &reserve),
            self.attest(case, "audit", "auditor", &["agrees=true", "balance=5000000.00", "haircut_bps=100"]),
            self.attest(case, "screen", "screening", &["provider=Clear Screening", "hits=0", &list]),
        ] {
            assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
        }
    }

    /// What an observer is told to have seen.
    pub fn reading(&self) {
        self.ok(&[
            "reading",
            "acme",
            "acme-usd",
            "home",
            "--as",
            "observer",
            "--supply",
            "2000000000000",
            "--block",
            "7",
            "--block-hash",
            LIST,
            "--block-time",
            &ago(5_400_000),
            "--next-block-time",
            &ago(60_000),
        ]);
    }

    pub fn decided_case(&self) -> String {
        let case = self.open_case();
        assert_eq!(self.attest(&case, "request", "issuer", &[]).code, 0);
        let paid = self.payment(&case, "1");
        assert_eq!(paid.code, 0, "{}\n{}", paid.out, paid.err);
        self.evidence(&case);
        self.reading();
        self.approve(&case);
        case
    }

    pub fn approve(&self, case: &str) {
        let approved = self.ok(&["attest", "acme", case, "approve", "--as", "officer1", "--and", "officer2"]);
        assert!(approved["records"].as_array().unwrap().iter().any(|record| record["kind"] == "decided"));
    }

    /// Three of the co-signers sign the head.
    pub fn certify(&self) {
        (1..=3).for_each(|number| drop(self.cosign(number)));
    }

    pub fn cosign(&self, number: u8) -> Value {
        self.ok(&["cosign", "acme", "--key", &format!("cosigner{number}")])
    }
}

const STATEMENT: &str =
    concat!("bank-statement=", env!("CARGO_MANIFEST_DIR"), "/../sources/samples/statement.xml");
type Role = (&'static str, &'static str, &'static [&'static str]);
const ROLES: [Role; 6] = [
    (ACME, "e-money-institution", &["issuer.pub"]),
    (NORTHBANK, "qualified-custodian", &["custodian.pub"]),
    (FAIR, "registered-auditor", &["auditor.pub"]),
    (CLEAR, "aml-provider", &["screening.pub"]),
    (WATCHER, "chain-observer", &["observer.pub"]),
    (ACME, "compliance-officer", &["officer1.pub", "officer2.pub"]),
];

pub fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout.clone()).unwrap(),
        err: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// This long before now, as people write it.
pub fn ago(ms: u64) -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_ms(u64::try_from(since.as_millis()).unwrap() - ms).unwrap().to_string()
}

/// Copies a folder as a backup would.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
