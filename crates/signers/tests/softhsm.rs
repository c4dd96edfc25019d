//! `lockstep-sign-pkcs11` with a real token library: SoftHSM 2 (Debian: `softhsm2`).

use lockstep_attest::signer::{Request, public_in, signature_in};
use lockstep_crypto::suite::{Message, PublicKey, Suite, verify};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lockstep-sign-pkcs11");
const MODULES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];
const HASH: [u8; 32] = [0x5a; 32];

fn message(suite: Suite) -> Message<'static> {
    if suite == Suite::Eip712 { Message::Hash(&HASH) } else { Message::Bytes(b"a word of a party") }
}

/// A folder with tokens of its own.
struct Hsm {
    dir: TempDir,
    module: &'static str,
}

struct Ran {
    went: bool,
    out: String,
    err: String,
}

impl Hsm {
    /// With one token, `vault`, whose PIN is 1234; nothing where SoftHSM is not installed.
    fn new() -> Option<Self> {
        let module = MODULES.into_iter().find(|path| Path::new(path).exists());
        let util = Command::new("softhsm2-util").arg("--version").stdout(Stdio::null()).status();
        let (Some(module), Ok(_)) = (module, util) else {
            println!("skipped: SoftHSM is absent: install Debian's package softhsm2");
            return None;
        };
        let hsm = Self { dir: TempDir::new().unwrap(), module };
        std::fs::create_dir(hsm.path("tokens")).unwrap();
        let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", hsm.path("tokens").display());
        std::fs::write(hsm.path("softhsm2.conf"), text).unwrap();
        hsm.token("vault");
        hsm.secret("pin", "1234\n");
        Some(hsm)
    }

    fn token(&self, label: &str) {
        let args = ["--init-token", "--free", "--label", label, "--so-pin", "123456", "--pin", "1234"];
        let made = self.command("softhsm2-util").args(args).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn secret(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Settings for a key, which are a program too.
    fn settings(&self, name: &str, more: &str) -> PathBuf {
        let path = self.path(name);
        let text = format!("#!{PROGRAM} sign\nmodule = \"{}\"\ntoken = \"vault\"\n{more}\n", self.module);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        path
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("SOFTHSM2_CONF", self.path("softhsm2.conf")).current_dir("/");
        command
    }

    fn run(&self, command: &mut Command, input: &str) -> Ran {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses its settings does not read.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { went: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn make(&self, settings: &Path, suite: Suite) -> Ran {
        self.run(self.command(PROGRAM).arg("make").arg(settings).args(["--suite", suite.as_str()]), "")
    }

    fn public(&self, settings: &Path) -> Ran {
        self.run(self.command(PROGRAM).arg("public").arg(settings), "")
    }

    /// What `exec:SETTINGS` does.
    fn sign(&self, settings: &Path, key: &PublicKey) -> Ran {
        let line = Request::sign(key, message(key.suite())).to_line().unwrap();
        self.run(&mut self.command(settings), &format!("{line}\n"))
    }

    /// The error of `public`, which opens the token as signing does.
    fn refusal(&self, settings: &Path) -> String {
        let ran = self.public(settings);
        assert!(!ran.went && ran.out.is_empty(), "{}", ran.out);
        ran.err
    }
}

#[test]
fn keys_of_every_suite_are_made_inside_and_sign_what_verifies_outside() {
    let Some(hsm) = Hsm::new() else { return };
    for suite in Suite::ALL {
        let name = format!("{suite}.toml");
        let settings = hsm.settings(&name, &format!("label = \"{suite}\"\npin_file = \"pin\""));
        let made = hsm.make(&settings, suite);
        assert!(made.went, "{suite}: {}", made.err);
        let key = public_in(made.out.as_bytes()).unwrap();
        assert_eq!(key.suite(), suite);
        assert_eq!(hsm.public(&settings).out, made.out);
        let line = format!("{}\n", Request::Public.to_line().unwrap());
        assert_eq!(hsm.run(&mut hsm.command(&settings), &line).out, made.out);
        // Tokens draw the nonce: high and low s, and both recovery bytes, come by.
        for _ in 0..12 {
            let signed = hsm.sign(&settings, &key);
            assert!(signed.went, "{suite}: {}", signed.err);
            let signature = signature_in(signed.out.as_bytes()).unwrap();
            assert_eq!(verify(&key, message(suite), &signature), Ok(()), "{suite}");
        }
        let again = hsm.make(&settings, suite);
        assert!(!again.went && again.err.contains("already: nothing was made"), "{}", again.err);
    }
}

#[test]
fn a_key_is_found_by_id_too_and_its_public_half_may_stand_in_a_file() {
    let Some(hsm) = Hsm::new() else { return };
    let both = hsm.settings("both.toml", "label = \"a\"\nid = \"0a01\"\npin_file = \"pin\"");
    let made = hsm.make(&both, Suite::Es256);
    assert!(made.went, "{}", made.err);
    let by_id = hsm.settings("id.toml", "id = \"0a01\"\npin_file = \"pin\"");
    assert_eq!(hsm.public(&by_id).out, made.out);
    std::fs::write(hsm.path("a.pub"), &made.out).unwrap();
    let from_file = hsm.settings("file.toml", "label = \"a\"\npin_file = \"pin\"\npublic = \"a.pub\"");
    assert_eq!(hsm.public(&from_file).out, made.out);

    // Then nobody is asked for a PIN to learn it.
    let locked = hsm.settings("locked.toml", "label = \"a\"\npin_file = \"none\"\npublic = \"a.pub\"");
    assert_eq!(hsm.public(&locked).out, made.out);
    let key = public_in(made.out.as_bytes()).unwrap();
    assert!(hsm.sign(&locked, &key).err.contains("cannot read"));
    assert!(hsm.sign(&from_file, &key).went);

    // A file with another key: what the token signs holds under that one no more, and stays here.
    let other = hsm.settings("other.toml", "label = \"b\"\npin_file = \"pin\"");
    let others = hsm.make(&other, Suite::Es256);
    std::fs::write(hsm.path("a.pub"), &others.out).unwrap();
    let key = public_in(others.out.as_bytes()).unwrap();
    let refused = hsm.sign(&from_file, &key);
    assert!(!refused.went && refused.out.is_empty(), "{}", refused.out);
    assert!(refused.err.contains("does not hold under key"), "{}", refused.err);

    // The caller means another key than the settings do.
    let refused = hsm.sign(&by_id, &key);
    assert!(!refused.went && refused.err.contains("asked for a signature of key"), "{}", refused.err);
}

#[test]
fn what_is_wrong_with_token_key_or_pin_is_named_and_the_pin_is_not() {
    let Some(hsm) = Hsm::new() else { return };
    let good = hsm.settings("good.toml", "label = \"a\"\npin_file = \"pin\"");
    assert!(hsm.make(&good, Suite::Es256).went);

    hsm.secret("wrong", "87654321\n");
    let wrong = hsm.settings("wrong.toml", "label = \"a\"\npin_file = \"wrong\"");
    let said = hsm.refusal(&wrong);
    assert!(said.contains("token `vault` refuses the PIN") && !said.contains("87654321"), "{said}");

    let missing = hsm.settings("missing.toml", "label = \"none\"\npin_file = \"pin\"");
    let said = hsm.refusal(&missing);
    assert!(said.contains("has 0 private keys with label `none`, expected one"), "{said}");

    let text = std::fs::read_to_string(&good).unwrap();
    std::fs::write(&missing, text.replace("\"vault\"", "\"safe\"")).unwrap();
    let said = hsm.refusal(&missing);
    assert!(said.contains("0 tokens are called `safe`, expected one; there are `vault`"), "{said}");

    std::fs::write(&missing, text.replace(hsm.module, "/nowhere/module.so")).unwrap();
    let said = hsm.refusal(&missing);
    assert!(said.contains("`/nowhere/module.so` cannot be loaded as a PKCS#11 module"), "{said}");
    std::fs::write(&missing, text.replace(hsm.module, good.to_str().unwrap())).unwrap();
    assert!(hsm.refusal(&missing).contains("cannot be loaded as a PKCS#11 module"));

    hsm.token("vault");
    let said = hsm.refusal(&good);
    assert!(said.contains("2 tokens are called `vault`, expected one"), "{said}");
}

#[test]
fn a_pin_that_others_can_read_is_refused_before_the_token_is_asked() {
    let Some(hsm) = Hsm::new() else { return };
    let settings = hsm.settings("a.toml", "label = \"a\"\npin_file = \"pin\"");
    std::fs::set_permissions(hsm.path("pin"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = hsm.refusal(&settings);
    assert!(said.contains("has mode 0644, expected 0600"), "{said}");
    let settings = hsm.settings("b.toml", "label = \"a\"\npin = \"1234\"");
    assert!(hsm.refusal(&settings).contains("unknown field `pin`"));
}

/// A key on P-384, in PKCS#8, that nobody uses.
const P384: [&str; 4] = [
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAJCv0fcoMW78fDbX+t",
    "PUUd4wCTwVOKvvJG81hOaOEDCxR+Awnibez1Wte/xORKftOhZANiAASklFHxe8Uy",
    "qUKC5Yws4aZUPvh+fD/1onyfApzeO5E2osTeG7daRzUeVMFMCjfnW2sPwZphzq1G",
    "ZSM9tuxu1VE2wD6LtmEAzlEQlrtzL4RnJ9EZbri3QSCsA7AG8VSSXNg=",
];

#[test]
fn keys_of_other_kinds_are_named_as_such() {
    let Some(hsm) = Hsm::new() else { return };
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", P384.join("\n"));
    std::fs::write(hsm.path("p384.pem"), pem).unwrap();
    let import = ["--label", "p384", "--id", "0c", "--token", "vault", "--pin", "1234"];
    let mut command = hsm.command("softhsm2-util");
    let imported = command.arg("--import").arg(hsm.path("p384.pem")).args(import).output().unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let settings = hsm.settings("p384.toml", "label = \"p384\"\npin_file = \"pin\"");
    let said = hsm.refusal(&settings);
    assert!(said.contains("signs in none of the suites"), "{said}");
}
