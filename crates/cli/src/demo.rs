//! The demonstration: six institutions and four co-signers issue a stablecoin against a bank's statement;
//! then everything that must fail is carried out, and has to fail for the reason it should.
//!
//! Nothing is staged: real keys, stores, statements and lists; co-signers get bytes and nothing else; a
//! refusal that is shown was answered by the code that answers everybody. What does not end as expected ends
//! the demonstration.

mod archive;
mod cast;
mod clock;
mod coin;
mod cosigner;
mod enforce;
mod failing;
mod founding;
mod inputs;
mod issue;
mod losses;
mod order;
mod redeem;
mod story;
mod two_chains;
mod world;

pub use losses::Losses;
pub use story::Story;

use crate::{os, out, report};
use anyhow::Result;
use clap::{Args, Subcommand};
use enforce::Enforced;
use issue::Issued;
use redeem::Redeemed;
use std::path::{Path, PathBuf};
use story::Failing;
use two_chains::SecondChain;
use world::World;

/// Which demonstration.
#[derive(Debug, Clone, Subcommand)]
pub enum Demo {
    /// A stablecoin issuance by six institutions and four co-signers, and everything that must fail
    Stablecoin(Stablecoin),
}

/// Own inputs instead of the files that come with the program.
#[derive(Debug, Clone, Args)]
pub struct Stablecoin {
    /// A bank's camt.053 file
    #[arg(long, value_name = "FILE")]
    pub statement: Option<PathBuf>,
    /// Reference of the incoming payment: `AcctSvcrRef` or `NtryRef`
    #[arg(long, value_name = "REF")]
    pub payment: Option<String>,
    /// `NtryRef` of the payment, where the reference alone names several
    #[arg(long, value_name = "REF")]
    pub entry: Option<String>,
    /// Sanctions list in OFAC's `sdn.csv` layout
    #[arg(long, value_name = "FILE")]
    pub sanctions: Option<PathBuf>,
    /// Its aliases, `alt.csv`
    #[arg(long, value_name = "FILE")]
    pub aliases: Option<PathBuf>,
    /// Sanctioned addresses, one a line
    #[arg(long, value_name = "FILE")]
    pub address_list: Option<PathBuf>,
    /// Who gets the tokens
    #[arg(long, value_name = "ADDRESS")]
    pub beneficiary: Option<String>,
    /// The customer's name, to be screened
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// How much is issued
    #[arg(long, value_name = "AMOUNT")]
    pub amount: Option<String>,
    /// In which currency
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// A fresh Anvil, Foundry's development chain, to run on in place of a chain in this process: the first,
    /// and given once more, the second
    #[arg(long, value_name = "URL")]
    pub anvil: Vec<String>,
    /// Where the pack, the trust file and the page are written
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// One JSON object on stdout in place of text
    #[arg(skip)]
    pub json: bool,
}

/// Plays a demonstration; the exit code.
pub fn run(demo: Demo) -> Result<u8> {
    let Demo::Stablecoin(args) = demo;
    let mut story = Story::new(args.json);
    let inputs = inputs::read(&args, &mut story)?;
    let mut world = World::begin(&args.out, inputs, &mut story)?;
    founding::found(&mut world, &mut story)?;
    let issued = issue::issue(&mut world, &mut story)?;
    let enforced = enforce::enforce(&mut world, &mut story, issued.case)?;
    let redeemed = redeem::play(&mut world, &mut story, &issued.trust)?;
    order::play(&mut world, &mut story)?;
    let second_chain = two_chains::play_both(&mut world, &mut story)?;
    let losses = losses::table(&world)?;
    failing::play_all(&mut world, (&issued, &enforced), &mut story)?;
    tell_losses(&story, &losses);
    let page = write_page(&world, &story, (&issued, (&enforced, &redeemed, &second_chain), &losses))?;
    tell_end(&story, &args.out, &page);
    if args.json {
        let object = Told {
            enforced: &enforced,
            failings: &story.failings,
            issued: &issued,
            losses: &losses,
            redeemed: &redeemed,
            second_chain: &second_chain,
            story: &story,
        };
        out::write(format!("{}\n", object.json()?).as_bytes())?;
    }
    story.end()
}

fn tell_losses(story: &Story, losses: &Losses) {
    story.line("\nWhat can be lost at most, when keys fall into other hands\n");
    for row in &losses.rows {
        story.line(format!("   {:<44} {}", row.who, row.at_most));
        story.line(format!("   {:<44} {}", "", row.why));
    }
}

/// Draws the page from what the verifier says of the written pack.
fn write_page(
    world: &World,
    story: &Story,
    (issued, (enforced, redeemed, second_chain), losses): (
        &Issued,
        (&Enforced, &Redeemed, &SecondChain),
        &Losses,
    ),
) -> Result<PathBuf> {
    let payment = &world.inputs.payment;
    let policy = world.policy()?;
    let name_of = |lei: &lockstep_types::Lei| world.cast.name_of(lei);
    let page = report::page(&report::Page {
        title: format!(
            "Issuance of {} in tokens for {}",
            report::grouped(&payment.money),
            world.inputs.customer
        ),
        report: &issued.report,
        story,
        parts: world.cast.parts(),
        losses,
        on_chain: [enforced.facts(), redeemed.facts(), second_chain.facts()].concat(),
        policy: &policy,
        simulated: world.clock().is_simulated(),
        name_of: &name_of,
    });
    let path = world.out.join("case.html");
    os::write_atomic(&path, page.as_bytes())?;
    Ok(path)
}

fn tell_end(story: &Story, out: &Path, page: &Path) {
    let (all, wrong) = (story.failings.len(), story.surprises());
    story.line("");
    match wrong {
        0 => story.line(format!("{all} of {all} attempts failed as they must.")),
        _ => story.line(format!("{wrong} of {all} attempts did NOT end as they must.")),
    }
    story.line(format!("\nfor the board     {}", page.display()));
    story.line(format!("the evidence      {}", out.join("case.evidence.json").display()));
    let (pack, trust) = (out.join("case.evidence.json"), out.join("trust.json"));
    story.line(format!("check it yourself lockstep verify {} --trust {}", pack.display(), trust.display()));
    story.line(format!("what was forged   {}, each of which fails", out.join("failing").display()));
}

/// The one object of `--json`.
struct Told<'a> {
    enforced: &'a Enforced,
    failings: &'a [Failing],
    issued: &'a Issued,
    losses: &'a Losses,
    redeemed: &'a Redeemed,
    second_chain: &'a SecondChain,
    story: &'a Story,
}

impl Told<'_> {
    fn json(&self) -> Result<String> {
        let report: serde_json::Value = serde_json::from_slice(&self.issued.report.to_json()?)?;
        Ok(serde_json::to_string(&serde_json::json!({
            "as_expected": self.story.surprises() == 0,
            "case": self.issued.case,
            "chain": self.enforced,
            "deeds": self.story.deeds,
            "failings": self.failings,
            "format": "lockstep-demo/1",
            "losses": self.losses.rows,
            "redeemed": self.redeemed,
            "remarks": self.story.remarks,
            "report": report,
            "second_chain": self.second_chain,
        }))?)
    }
}
