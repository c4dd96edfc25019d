//! Institutions whose keys never leave their tokens, on a server under TLS.

use crate::serve::{certified, over_tls, verified};
use crate::town::Town;
use std::path::{Path, PathBuf};
use std::process::Command;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// A token of SoftHSM, and the program that signs with its keys.
struct Vault {
    program: PathBuf,
    tokens: PathBuf,
}

impl Vault {
    /// A token within a town; none where the program or SoftHSM is absent.
    fn begin(town: &Town) -> Option<Self> {
        let program = crate::programs::program("lockstep-sign-pkcs11")?;
        if !Path::new(MODULE).exists() {
            println!("skipped: SoftHSM is absent: install Debian's package softhsm2");
            return None;
        }
        let vault = Self { program, tokens: town.path("softhsm2.conf") };
        std::fs::create_dir(town.path("tokens")).unwrap();
        let conf = format!("directories.tokendir = {}\n", town.path("tokens").display());
        std::fs::write(&vault.tokens, conf).unwrap();
        town.private("pin", "1234\n");
        let token = ["--init-token", "--free", "--label", "vault", "--so-pin", "87654321", "--pin", "1234"];
        vault.runs(town, "softhsm2-util", &token);
        Some(vault)
    }

    fn runs(&self, town: &Town, program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Vec<u8> {
        let mut command = Command::new(program);
        command.current_dir(town.path("")).env("SOFTHSM2_CONF", &self.tokens).args(args);
        let ran = command.output().unwrap();
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    }

    /// Makes a key in the token; `NAME` is then a program that signs with it, `NAME.pub` its public half.
    fn key(&self, town: &Town, suite: &str, name: &str) {
        let settings = format!("{name}.toml");
        let says = "module = \"MODULE\"\ntoken = \"vault\"\nlabel = \"NAME\"\npin_file = \"pin\"\n";
        town.private(&settings, &says.replace("MODULE", MODULE).replace("NAME", name));
        self.runs(town, &self.program, &["make", &settings, "--suite", suite]);
        let public = self.runs(town, &self.program, &["public", &settings]);
        std::fs::write(town.path(&format!("{name}.pub")), public).unwrap();
        let signs = format!(
            "#!/bin/sh\nSOFTHSM2_CONF={} exec {} sign {}\n",
            self.tokens.display(),
            self.program.display(),
            town.path(&settings).display()
        );
        town.private(name, &signs);
        town.mode(name, 0o700);
    }
}

#[test]
fn institutions_with_keys_in_tokens_complete_an_issuance_on_a_server_under_tls() {
    let town = Town::new();
    let Some(vault) = Vault::begin(&town) else { return };
    let make = move |town: &Town, suite: &str, name: &str| vault.key(town, suite, name);
    let town = town.with_vault(Box::new(make)).found(&[]);
    let (served, cosigners) = over_tls(&town);
    town.govern();
    town.credentials();
    let case = town.decided_case();
    assert_eq!(certified(&town, &case)["phase"], "decided");
    let steps = town.ok(&["waiting", "acme", "--as", "custodian"])["steps"].clone();
    assert!(steps.as_array().unwrap().is_empty(), "{steps}");
    cosigners.into_iter().chain([served]).for_each(crate::serve::Running::end);
    verified(&town, &case);
}
