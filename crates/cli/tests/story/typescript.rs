//! The six institutions once more, each a process of Node that uses the TypeScript client and signs with a
//! key of its own by callback.

use crate::how_to::ROOT;
use crate::six::{NEW, Played};
use crate::town::copy;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Makes the keys of parties without this program; those for the ledger's rules, for transactions and for
/// co-signing are not TypeScript's business.
const NEW_IN_NODE: &str = r#"new() {
  case "$3" in
    admin | sender | registry | deployer | holder) own "$1" key new --suite "$2" --out "$3.key" ;;
    *) (cd "$1" && node ../../party/dist/examples/six/new-key.js "$2" "$3") ;;
  esac
}"#;
/// An institution's process, in the folder of that name.
const PROGRAM: &str = r#"
cd try-six/DESK && . ./told
export NODE_EXTRA_CA_CERTS=roots.pem SANCTIONS RPC_URL="$(set -- $RPC && echo "$2")"
export HOLDER="$(lockstep key address ../holder/holder.key.pub)"
BESIDE
node ../../party/dist/examples/six/main.js DESK
wait
"#;
/// What an account of Acme sends to the chain: any account may.
const SENDS: &str = r"
sends() {
  for case in issue.case redeem.case; do
    until test -s $case; do sleep 1; done
    soon at outcome submit $(cat $case) --reader admin.key --as sender.key $RPC
  done
}
sends &
";
/// Headings of the page, and the folders of those who are programs now.
const DESKS: [(&str, &str); 7] = [
    ("Acme", "acme"),
    ("Acme's officers", "officers"),
    ("Northbank", "northbank"),
    ("Fair", "fair"),
    ("Clear", "clear"),
    ("Watcher", "watcher"),
    ("Otherbank", "otherbank"),
];

/// Compiles the SDK with its examples into a folder; false where Node or the compiler is absent.
fn compiled(to: &Path) -> bool {
    let sdk = Path::new(ROOT).join("sdk/typescript");
    let compiler = sdk.join("node_modules/typescript/bin/tsc");
    if !compiler.exists() || Command::new("node").arg("--version").output().is_err() {
        println!("skipped: Node or the compiler is absent: run `npm ci` in sdk/typescript");
        return false;
    }
    // Its own name leads the compiler to what lies beside its settings: not to what was compiled before.
    for folder in ["src", "examples"] {
        copy(&sdk.join(folder), &to.join(folder));
    }
    for file in ["package.json", "tsconfig.json"] {
        std::fs::copy(sdk.join(file), to.join(file)).unwrap();
    }
    symlink(sdk.join("node_modules"), to.join("node_modules")).unwrap();
    let mut tsc = Command::new("node");
    tsc.arg(compiler).arg("-p").arg(to);
    let ran = tsc.output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    true
}

#[test]
fn six_institutions_that_are_programs_of_the_typescript_client_issue_and_redeem_over_tls() {
    let mut page = Played::with(|script| script.replace(NEW, NEW_IN_NODE));
    if !compiled(&page.path("party")) {
        return;
    }
    for (heading, desk) in DESKS {
        let beside = if desk == "acme" { SENDS } else { "" };
        page.instead(heading, PROGRAM.replace("DESK", desk).replace("BESIDE", beside));
    }
    page.holds(&page.play());
    let of_the_command_line = page.key_files();
    let holds = |name: &str| of_the_command_line.iter().any(|file| file.ends_with(name));
    for party in ["issuer", "one", "two", "custodian", "auditor", "screening", "observer"] {
        assert!(!holds(&format!("/{party}.key")), "{party}: {of_the_command_line:?}");
    }
}
