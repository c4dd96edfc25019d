//! `lockstep policy`: is it well-formed, what does it say, does it do what its stories say.

mod play;

use crate::os;
use crate::shell::Shell;
use crate::words;
use anyhow::Result;
use clap::{Args, Subcommand};
use lockstep_policy::{Finding, Policy, Scenarios, draw, explain};
use serde_json::{Value, json};
use std::path::PathBuf;

/// What to do with a policy.
#[derive(Debug, Clone, Subcommand)]
pub enum PolicyCommand {
    /// Find what is wrong: unreachable steps, cycles, types, roles nobody can hold; with file and line
    Check(PolicyArgs),
    /// Tell the process in numbered sentences
    Explain {
        #[command(flatten)]
        policy: PolicyArgs,
        /// Also draw it
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Play the stories of `tests.toml` on a ledger in memory, with throw-away keys
    Test(PolicyArgs),
}

/// A policy's files.
#[derive(Debug, Clone, Args)]
pub struct PolicyArgs {
    /// Folder with `policy.toml`, `guards.cedar` and `tests.toml`
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Runs the command.
pub fn run(shell: &Shell, command: &PolicyCommand) -> Result<u8> {
    match command {
        PolicyCommand::Check(args) => check(shell, args),
        PolicyCommand::Explain { policy, svg } => explained(shell, policy, svg.as_ref()),
        PolicyCommand::Test(args) => test(shell, args),
    }
}

/// The policy, or everything that is wrong with it.
fn read(args: &PolicyArgs) -> Result<(words::PolicyFiles, Result<Policy, Vec<Finding>>)> {
    let files = words::policy_files(&args.dir)?;
    let policy = Policy::from_files(&files.layout, &files.guards);
    Ok((files, policy))
}

fn check(shell: &Shell, args: &PolicyArgs) -> Result<u8> {
    let (files, policy) = read(args)?;
    let policy = match (policy, &files.tests) {
        (Ok(policy), Some(tests)) => match Scenarios::from_file(&policy, tests) {
            Ok(_) => Ok(policy),
            Err(findings) => Err(findings),
        },
        (answer, _) => answer,
    };
    match policy {
        Ok(policy) => {
            let layout = policy.layout();
            let answer = json!({
                "findings": [], "name": layout.name, "policy": policy.digest(), "programme": layout.programme,
            });
            shell.out.answer(&answer, || {
                format!("{}/{} is well-formed\ndigest {}", layout.programme, layout.name, policy.digest())
            })?;
            Ok(0)
        }
        Err(findings) => tell_findings(shell, &findings),
    }
}

fn tell_findings(shell: &Shell, findings: &[Finding]) -> Result<u8> {
    let rows: Vec<Value> = findings
        .iter()
        .map(|f| {
            json!({
                "code": f.code, "column": f.column, "file": f.file, "hint": f.hint,
                "line": f.line, "text": f.text,
            })
        })
        .collect();
    shell.out.answer(&json!({ "findings": rows }), || {
        findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    })?;
    Ok(1)
}

fn explained(shell: &Shell, args: &PolicyArgs, svg: Option<&PathBuf>) -> Result<u8> {
    let (_, policy) = read(args)?;
    let policy = match policy {
        Ok(policy) => policy,
        Err(findings) => return tell_findings(shell, &findings),
    };
    if let Some(path) = svg {
        os::write_atomic(path, draw(&policy).as_bytes())?;
    }
    let sentences = explain(&policy);
    shell.out.answer(&json!({ "sentences": sentences }), || sentences.join("\n"))?;
    Ok(0)
}

fn test(shell: &Shell, args: &PolicyArgs) -> Result<u8> {
    let (files, policy) = read(args)?;
    let policy = match policy {
        Ok(policy) => policy,
        Err(findings) => return tell_findings(shell, &findings),
    };
    let Some(tests) = &files.tests else {
        let text = format!("`{}` has no `tests.toml`: nothing was tested", args.dir.display());
        return Err(crate::fault::invalid("no-tests", text).into());
    };
    let scenarios = match Scenarios::from_file(&policy, tests) {
        Ok(scenarios) => scenarios,
        Err(findings) => return tell_findings(shell, &findings),
    };
    let bar = shell.out.progress(scenarios.scenarios.len() as u64, "playing");
    let mut results = Vec::new();
    for scenario in &scenarios.scenarios {
        results.push((scenario, play::play(&files, &scenarios, scenario)?));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let failed = results.iter().filter(|(_, wrong)| wrong.is_some()).count();
    let rows: Vec<Value> = results
        .iter()
        .map(|(scenario, wrong)| json!({ "ok": wrong.is_none(), "scenario": scenario.name, "wrong": wrong }))
        .collect();
    shell.out.answer(&json!({ "failed": failed, "scenarios": rows }), || {
        let line = |(scenario, wrong): &(&lockstep_policy::Scenario, Option<String>)| match wrong {
            None => format!("ok      {}: {}", scenario.name, scenario.title),
            Some(wrong) => format!("FAILED  {}: {}\n        {wrong}", scenario.name, scenario.title),
        };
        let mut lines: Vec<String> = results.iter().map(line).collect();
        lines.push(format!("{} stories, {failed} failed", results.len()));
        lines.join("\n")
    })?;
    Ok(u8::from(failed > 0))
}
