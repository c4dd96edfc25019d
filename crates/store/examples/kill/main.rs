//! Kills an appending process again and again, and checks after each time that nothing acknowledged is lost.
//!
//! ```text
//! kill DIR ROUNDS [SEED]        DIR is made, and left behind
//! ```

mod harness;

use std::path::Path;
use std::process::Command;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (dir, rounds, seed) = match args.as_slice() {
        ["child", dir, seed] => {
            return harness::child(Path::new(dir), seed.parse().expect("SEED is a number"));
        }
        [dir, rounds] => (*dir, *rounds, 1),
        [dir, rounds, seed] => (*dir, *rounds, seed.parse().expect("SEED is a number")),
        _ => panic!("usage: kill DIR ROUNDS [SEED]"),
    };
    let program = std::env::current_exe().expect("this program has a path");
    let rounds = rounds.parse().expect("ROUNDS is a number");
    let report = harness::run(Path::new(dir), rounds, seed, |dir, seed| {
        let mut command = Command::new(&program);
        command.arg("child").arg(dir).arg(seed.to_string());
        command
    });
    let harness::Report { acknowledged, found } = report;
    println!(
        "{{\"measure\":\"kill -9\",\"rounds\":{rounds},\"acknowledged\":{acknowledged},\
         \"found\":{found},\"lost\":0,\"twice\":0}}"
    );
}
