//! Hands a signed request in, in ten lines: `cargo run --example ten_lines -- URL LEDGER FILE`.

use lockstep_client::{Client, ClientError, Options};
use lockstep_kernel::Request;
use lockstep_ledger::receipt::Receipt;
use std::error::Error;

/// The appender's receipt for a request; it has been checked against the key in the ledger's first record.
pub fn hand_in(url: &str, ledger: &str, bytes: &[u8]) -> Result<Option<Receipt>, Box<dyn Error>> {
    let client = Client::connect(url, Some(ledger.parse()?), &Options::default())?;
    let request = Request::from_slice(bytes)?;
    match client.submit(&request, &[]) {
        Ok(entered) => Ok(entered.receipt),
        Err(ClientError::Problem(refusal)) if refusal.receipt.is_some() => Ok(refusal.receipt.map(|it| *it)),
        Err(error) => Err(error.into()),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [url, ledger, file] = args.as_slice() else { return Err("expected URL LEDGER FILE".into()) };
    let receipt = hand_in(url, ledger, &std::fs::read(file)?)?.ok_or("no attestation, so no receipt")?;
    println!("{}", String::from_utf8(receipt.to_bytes()?)?);
    Ok(())
}
