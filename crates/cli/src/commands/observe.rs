//! `lockstep observe`: an observer at work. It reads what the ledger waits for off a chain, under a quorum of
//! endpoints and from final blocks only, signs it and hands it in: supply and executed outcomes as readings,
//! deposits as steps of their cases.

mod deposits;
mod place;
mod readings;

use crate::desk::DeskArgs;
use crate::endpoints::EndpointArgs;
use crate::fault::{Fault, Kind, invalid};
use crate::party::SignerArgs;
use crate::shell::Shell;
use anyhow::Result;
use clap::Args;
use deposits::Shown;
use lockstep_chain::{Block, Domain, Rpc};
use lockstep_types::Name;
use place::Place;
use readings::{Noted, Told};
use serde_json::{Value, json};
use std::time::Duration;

/// Most seconds between two looks.
const WATCH_S_MAX: u64 = 86_400;

/// Whose chain, on whose word, and who signs.
#[derive(Debug, Clone, Args)]
pub struct Observe {
    #[command(flatten)]
    desk: DeskArgs,
    #[command(flatten)]
    endpoints: EndpointArgs,
    #[command(flatten)]
    signer: SignerArgs,
    /// The programme, where the ledger has several
    #[arg(long, value_name = "NAME")]
    programme: Option<Name>,
    /// The domain, by the name the policies give it, where they have several
    #[arg(long, value_name = "NAME")]
    domain: Option<Name>,
    /// A block at or before that in which token and Gate were created: none before it is looked at
    #[arg(long, value_name = "BLOCK", default_value_t = 0)]
    since: u64,
    /// Look again after so many seconds, until interrupted
    #[arg(long, value_name = "SECONDS")]
    watch: Option<u64>,
}

/// What a look has led to.
struct Round {
    place: Place,
    finalized: Block,
    rests_on: String,
    readings: Vec<Told>,
    deposits: Vec<Shown>,
}

/// Looks once, or until interrupted. Exit code 1: the ledger refused a reading, on record.
pub fn run(shell: &mut Shell, args: &Observe) -> Result<u8> {
    let pause = match args.watch {
        Some(seconds) if (1..=WATCH_S_MAX).contains(&seconds) => Some(Duration::from_secs(seconds)),
        Some(seconds) => {
            return Err(invalid("watch", format!("`{seconds}` seconds: expected 1 to {WATCH_S_MAX}")).into());
        }
        None => None,
    };
    let mut observer = Observer { args, rpc: None, noted: Vec::new() };
    let Some(pause) = pause else {
        let round = observer.look(shell)?;
        round.tell(shell)?;
        return Ok(u8::from(round.readings.iter().any(Told::is_refused)));
    };
    loop {
        match observer.look(shell) {
            Ok(round) => round.tell(shell)?,
            Err(error) => {
                let fault = Fault::of(&error);
                // What passes by itself is told and waited for; anything else needs a person.
                if !matches!(fault.kind, Kind::Retry) {
                    return Err(error);
                }
                shell.out.fault(&fault);
            }
        }
        std::thread::sleep(pause);
    }
}

/// What an observer keeps from look to look.
struct Observer<'a> {
    args: &'a Observe,
    /// Connected at the first look: it remembers what was final.
    rpc: Option<Rpc>,
    /// Readings handed in by this process.
    noted: Vec<Noted>,
}

impl Observer<'_> {
    /// The ledger is open before and after the chain is asked, not meanwhile: others work with it.
    fn look(&mut self, shell: &mut Shell) -> Result<Round> {
        let ledger = &self.args.desk;
        let (programme, domain) = (self.args.programme.as_ref(), self.args.domain.as_ref());
        let domains = ledger.look_as(shell, &self.args.signer)?.domains()?;
        let place = place::find(&domains, (programme, domain))?;
        let wanted = readings::wanted(place.row(&domains)?);
        let rpc = match self.rpc.take() {
            Some(rpc) => rpc,
            None => self.args.endpoints.connect(place.chain.0)?,
        };
        let rpc = self.rpc.insert(rpc);
        let finalized = rpc.finalized()?;
        let seen = readings::read(rpc, (&place, self.args.since), &wanted)?;
        let found = deposits::read(rpc, (&place, self.args.since))?;
        let rests_on = rpc.rests_on();
        let (mut desk, party) = ledger.open(shell, &self.args.signer)?;
        let readings = readings::hand_in_all((&mut desk, &party), (&place, seen), &mut self.noted)?;
        let deposits = deposits::show_all((&mut desk, &party), (&place, found))?;
        Ok(Round { place, finalized, rests_on, readings, deposits })
    }
}

impl Round {
    fn tell(&self, shell: &Shell) -> Result<()> {
        shell.out.answer(&self.json(), || self.lines().join("\n"))
    }

    fn json(&self) -> Value {
        json!({
            "chain": self.place.chain.to_string(),
            "deposits": self.deposits.iter().map(Shown::json).collect::<Vec<_>>(),
            "domain": self.place.domain,
            "finalized": { "hash": self.finalized.hash.to_string(), "number": self.finalized.number },
            "programme": self.place.programme,
            "readings": self.readings.iter().map(Told::json).collect::<Vec<_>>(),
            "rests_on": self.rests_on,
        })
    }

    fn lines(&self) -> Vec<String> {
        let (programme, domain, chain) = (&self.place.programme, &self.place.domain, self.place.chain);
        let number = self.finalized.number;
        let head =
            format!("`{domain}` of `{programme}`, {chain}, up to final block {number}, on {}", self.rests_on);
        let readings = self.readings.iter().map(Told::line);
        let deposits = self.deposits.iter().map(Shown::line);
        [head].into_iter().chain(readings).chain(deposits).collect()
    }
}
