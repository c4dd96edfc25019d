//! Prints a policy in sentences and writes its picture: `show DIR FILE.svg`.
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let read =
        |name: &str| std::fs::read(std::path::Path::new(&args[0]).join(name)).expect("the file can be read");
    match lockstep_policy::Policy::from_files(&read("policy.toml"), &read("guards.cedar")) {
        Ok(policy) => {
            std::fs::write(&args[1], lockstep_policy::draw(&policy)).expect("the picture can be written");
            lockstep_policy::explain(&policy).iter().for_each(|sentence| println!("{sentence}"));
            ExitCode::SUCCESS
        }
        Err(findings) => {
            findings.iter().for_each(|finding| eprintln!("{finding}"));
            ExitCode::FAILURE
        }
    }
}
