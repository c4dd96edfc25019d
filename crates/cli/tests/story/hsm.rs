//! The six institutions again, with keys that never leave their tokens.

use crate::six::{NEW, Played};
use std::path::Path;

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// Makes a key in a token of the institution, as `sign-with-an-hsm.md` has it; `NAME.key` are the settings.
const NEW_IN_TOKEN: &str = r##"
export SOFTHSM2_CONF=softhsm2.conf
new() {
  (cd "$1"
  if ! test -e softhsm2.conf; then
    mkdir tokens && echo "directories.tokendir = tokens" > softhsm2.conf
    (umask 077; echo 1234 > pin)
    softhsm2-util --init-token --free --label vault --so-pin 87654321 --pin 1234
  fi
  cat > "$3.key" <<END
#!$(command -v lockstep-sign-pkcs11) sign
module = "MODULE"
token = "vault"
label = "$3"
pin_file = "pin"
END
  chmod 700 "$3.key"
  lockstep-sign-pkcs11 make "$3.key" --suite "$2"
  lockstep-sign-pkcs11 public "$3.key" > "$3.key.pub")
}
"##;
/// Keys that sign for parties and pay for transactions; those of co-signers stay in files.
const KEYS: [&str; 12] = [
    "admin",
    "issuer",
    "sender",
    "one",
    "two",
    "custodian",
    "auditor",
    "screening",
    "observer",
    "registry",
    "deployer",
    "holder",
];

/// The page's commands, with `exec:./NAME.key` in place of `NAME.key`.
fn in_tokens(script: &str) -> String {
    let mut text = script.replace(NEW, &NEW_IN_TOKEN.replace("MODULE", MODULE));
    for name in KEYS {
        for option in ["--as", "--and", "--reader"] {
            text = text.replace(&format!("{option} {name}.key"), &format!("{option} exec:./{name}.key"));
        }
    }
    format!("export SOFTHSM2_CONF=softhsm2.conf\n{text}")
}

#[test]
fn six_institutions_with_keys_in_tokens_issue_and_redeem_over_tls() {
    let Some(_) = crate::programs::program("lockstep-sign-pkcs11") else { return };
    if !Path::new(MODULE).exists() {
        println!("skipped: SoftHSM is absent: install Debian's package softhsm2");
        return;
    }
    let page = Played::with(in_tokens);
    page.holds(&page.play());
    let files = page.key_files();
    assert_eq!(files, ["acme", "fair", "northbank", "otherbank"].map(|of| format!("{of}/cosigner.key")));
}
