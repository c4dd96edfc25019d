//! `lockstep witness-check`: whether the log, its co-signers, its newest certificate and an Anchor tell one
//! history.
//! Nobody's word counts without a signature, and nothing is asked that is not public.

mod compare;

use crate::endpoints::EndpointArgs;
use crate::fault::{Fault, Kind, told};
use crate::os;
use crate::server::ReachArgs;
use crate::shell::Shell;
use crate::words::duration_ms;
use anyhow::{Context, Result};
use clap::Args;
use compare::{Compared, Head, compare};
use lockstep_chain::{Account, Domain, enforce};
use lockstep_client::{Client, ClientError, Options, signed};
use lockstep_crypto::recover;
use lockstep_ledger::Committee;
use lockstep_ledger::log::{SignedCheckpoint, TileHashes, TilePath, origin};
use lockstep_ledger::note::{NoteKey, NoteKeyKind};
use lockstep_node::cosigner::Cosigned;
use lockstep_types::{Address, ChainId, LedgerId, RootHash};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a log may lag behind what co-signers have signed before it counts as rolled back.
const LATE: Duration = Duration::from_secs(3);
/// Between two looks at a log that lags.
const AGAIN: Duration = Duration::from_millis(200);

/// A log, and those who have signed it.
#[derive(Debug, Clone, Args)]
pub struct WitnessCheck {
    /// The server that shows the log
    #[arg(value_name = "URL")]
    server: String,
    /// Where a co-signer answers what it has signed (`lockstep cosign --listen`); once for each
    #[arg(long = "cosigner", required = true, value_name = "URL")]
    cosigners: Vec<String>,
    /// The ledger, known by another way than from the server
    #[arg(long, value_name = "ID")]
    ledger: Option<LedgerId>,
    #[command(flatten)]
    reach: ReachArgs,
    /// An Anchor of the ledger, asked by `--rpc`
    #[arg(long, value_name = "ADDRESS", requires = "chain")]
    anchor: Option<Address>,
    /// The Anchor's chain, by its EIP-155 number
    #[arg(long, value_name = "N", requires = "anchor")]
    chain: Option<u64>,
    #[command(flatten)]
    endpoints: EndpointArgs,
    /// When two histories are told, write both signed heads and what shows it here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Look again after this time, until something rings or somebody ends it
    #[arg(long, value_name = "DURATION")]
    watch: Option<String>,
}

/// Exit code 0: one history. 1: it rings. 2: cannot tell, since somebody does not answer.
pub fn run(shell: &Shell, args: &WitnessCheck) -> Result<u8> {
    let every = args.watch.as_deref().map(duration_ms).transpose()?.map(Duration::from_millis);
    let options = args.reach.options()?;
    let ended = os::ended_flag()?;
    loop {
        let found = look(args, &options)?;
        if let (Some(path), Some(evidence)) = (&args.out, found.compared.evidence()) {
            os::write_atomic(path, &serde_json::to_vec_pretty(&evidence)?)?;
        }
        shell.out.answer(&found.json(), || found.text())?;
        match every {
            Some(every) if found.exit_code() != 1 && !waited(every, &ended) => {}
            _ => return Ok(found.exit_code()),
        }
    }
}

/// True when somebody ended it meanwhile.
fn waited(every: Duration, ended: &AtomicBool) -> bool {
    let until = Instant::now() + every;
    while Instant::now() < until && !ended.load(Ordering::Relaxed) {
        std::thread::sleep(AGAIN.min(until.saturating_duration_since(Instant::now())));
    }
    ended.load(Ordering::Relaxed)
}

/// What one look has found.
struct Found {
    compared: Compared,
    heads: Vec<Head>,
    /// Who was not heard, and why.
    unheard: Vec<(String, String)>,
}

/// Asks everybody, the log last: what was signed before, it must show.
fn look(args: &WitnessCheck, options: &Options) -> Result<Found> {
    let url = args.server.trim_end_matches('/');
    let client = match Client::connect(url, args.ledger, options) {
        Ok(client) => client,
        Err(error) if error.is_passing() => return Ok(Found::nothing(url, &error)),
        Err(error) => return Err(error.into()),
    };
    let mut found = Found { compared: Compared::NoTile, heads: Vec::new(), unheard: Vec::new() };
    let committee = match committee(&client) {
        Ok(committee) => committee,
        Err(error) => return found.unless_it_differs(url, error),
    };
    for url in &args.cosigners {
        match cosigner(url.trim_end_matches('/'), (&client, &committee), options) {
            Ok(head) => found.heads.push(head),
            Err(why) => found.unheard.push((url.clone(), why)),
        }
    }
    match client.certificate(&committee) {
        Ok(None) => {}
        Ok(Some(certificate)) => found.heads.push(Head {
            by: "the newest certificate".to_owned(),
            size: certificate.size,
            root: certificate.root,
            signed: serde_json::to_value(&certificate)?,
        }),
        Err(error) => found.unheard.push((format!("{url} (certificate)"), why(error.into()))),
    }
    if let (Some(anchor), Some(chain)) = (args.anchor, args.chain) {
        match anchored(&args.endpoints, (anchor, ChainId(chain)), client.id()) {
            Ok(head) => found.heads.extend(head),
            Err(error) => found.unheard.push((format!("Anchor {anchor}"), why(error))),
        }
    }
    let until = Instant::now() + LATE;
    loop {
        let log = match log(&client) {
            Ok(log) => log,
            Err(error) => return found.unless_it_differs(url, error),
        };
        let (compared, unread) = compared(&client, &log, &found.heads);
        if matches!(compared, Compared::Less(_)) && Instant::now() < until {
            std::thread::sleep(AGAIN);
            continue;
        }
        found.compared = compared;
        found.unheard.extend(unread.map(|error| (format!("{url} (tiles)"), why(error.into()))));
        found.heads.insert(0, log);
        return Ok(found);
    }
}

/// Who co-signs: from the first record on, handover by handover. A committee that has not been handed over to
/// is not heard.
fn committee(client: &Client) -> Result<Committee> {
    let (known, said) = (client.committee()?, client.ledger()?.committee);
    if said.epoch() == known.epoch() && said != known {
        let text = format!("the server names another committee for epoch {} than is shown", known.epoch());
        return Err(told(Kind::Refused, "server-differs", text).into());
    }
    Ok(known)
}

/// What a co-signer has signed, if the signature is its own; else why it is not heard.
fn cosigner(
    url: &str,
    (client, committee): (&Client, &Committee),
    options: &Options,
) -> Result<Head, String> {
    let cosigned = signed::<Cosigned>(url, &client.id(), options).map_err(|error| why(error.into()))?;
    let cosigned = cosigned.ok_or("it has signed nothing of this ledger")?;
    let hash = cosigned.checkpoint.signing_hash();
    let by = recover(&hash, cosigned.signature.as_bytes()).map_err(|error| error.to_string())?;
    if by != cosigned.address || cosigned.checkpoint.ledger != client.id() {
        return Err("what it answers is not signed by the key that it names".to_owned());
    }
    if committee.index_of(&by).is_none() {
        return Err(format!("`{by}` is no co-signer of epoch {}", committee.epoch()));
    }
    let (size, root) = (cosigned.checkpoint.size, cosigned.checkpoint.root);
    let signed = serde_json::to_value(&cosigned).map_err(|error| error.to_string())?;
    Ok(Head { by: format!("co-signer {by}"), size, root, signed })
}

/// What an Anchor holds as of the last final block; none while that is nothing.
fn anchored(
    endpoints: &EndpointArgs,
    (anchor, chain): (Address, ChainId),
    ledger: LedgerId,
) -> Result<Option<Head>> {
    let rpc = endpoints.connect(chain.0)?;
    let block = rpc.finalized()?;
    let held = enforce::held_by(&rpc, &block, Account::from(anchor.0))?;
    if held.ledger != ledger {
        anyhow::bail!("it follows ledger `{}`", held.ledger);
    }
    let head = |(size, root): (u64, RootHash)| {
        let by = format!("Anchor {anchor} on {chain}");
        let signed = json!({
            "anchor": anchor, "block": block.number, "chain": chain, "epoch": held.epoch, "ledger": ledger,
            "root": root, "rests_on": rpc.rests_on(), "size": size,
        });
        Head { by, size, root, signed }
    };
    Ok(held.head.map(head))
}

/// The log's head, signed with the key that the first record names.
fn log(client: &Client) -> Result<Head> {
    let bytes = client.log_checkpoint()?;
    let genesis = client.genesis();
    let origin = origin(&genesis.name, genesis.nonce.as_bytes());
    let key = NoteKey::new(&origin, NoteKeyKind::Ed25519, genesis.log.clone())?;
    let read = SignedCheckpoint::read(&bytes, &[key]);
    let head = read.context("the server's checkpoint is not signed by the log's key")?.head;
    let signed = Value::String(String::from_utf8_lossy(&bytes).into_owned());
    Ok(Head { by: "the log".to_owned(), size: head.size(), root: head.root(), signed })
}

/// Compares by the server's tiles; with it, why a tile could not be had.
fn compared(client: &Client, log: &Head, heads: &[Head]) -> (Compared, Option<ClientError>) {
    let read: RefCell<BTreeMap<TilePath, Option<Vec<u8>>>> = RefCell::default();
    let failed = RefCell::new(None);
    let tile = |path: &TilePath| {
        if let Some(known) = read.borrow().get(path) {
            return known.clone();
        }
        match client.tile(path) {
            Ok(bytes) => {
                read.borrow_mut().insert(*path, bytes.clone());
                bytes
            }
            Err(error) => {
                failed.borrow_mut().get_or_insert(error);
                None
            }
        }
    };
    let compared = compare(log, heads, &TileHashes::new(log.size, tile));
    (compared, failed.into_inner())
}

/// In one line.
fn why(error: anyhow::Error) -> String {
    format!("{error:#}")
}

impl Found {
    fn nothing(url: &str, error: &ClientError) -> Self {
        let unheard = vec![(url.to_owned(), error.to_string())];
        Self { compared: Compared::NoTile, heads: Vec::new(), unheard }
    }

    /// A server that does not answer, or answers what nobody has signed, says nothing about the log; one that
    /// contradicts the first record is not the ledger's.
    fn unless_it_differs(mut self, url: &str, error: anyhow::Error) -> Result<Self> {
        if Fault::of(&error).code == "server-differs" {
            return Err(error);
        }
        self.unheard.push((url.to_owned(), why(error)));
        Ok(self)
    }

    /// 1 whenever something rings, whoever else is silent.
    fn exit_code(&self) -> u8 {
        match self.compared {
            Compared::Agree if self.unheard.is_empty() => 0,
            Compared::Agree | Compared::NoTile => 2,
            _ => 1,
        }
    }

    fn code(&self) -> &'static str {
        if self.exit_code() == 2 { "cannot-tell" } else { self.compared.code() }
    }

    fn json(&self) -> Value {
        let heads: Vec<Value> = self.heads.iter().map(Head::json).collect();
        let unheard: Vec<Value> =
            self.unheard.iter().map(|(who, why)| json!({ "who": who, "why": why })).collect();
        json!({
            "answer": self.code(), "evidence": self.compared.evidence(), "heads": heads, "unheard": unheard,
        })
    }

    fn text(&self) -> String {
        let heads = self.heads.iter().map(Head::text);
        let unheard = self.unheard.iter().map(|(who, why)| format!("  {who} is not heard: {why}"));
        let lines: Vec<String> = heads.chain(unheard).collect();
        let headline = match self.exit_code() {
            0 => "AGREE: one history".to_owned(),
            1 => format!("RINGS {}: {}", self.code(), self.compared.text()),
            _ => "CANNOT TELL".to_owned(),
        };
        let evidence = self.compared.evidence().map(|evidence| format!("\n{evidence:#}"));
        format!("{headline}\n{}{}", lines.join("\n"), evidence.unwrap_or_default())
    }
}
