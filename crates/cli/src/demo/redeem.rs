//! The way back: a holder redeems at par. Tokens wait in escrow while a bank pays; a payout that fails
//! returns them whole, one that is made burns them.

use super::coin::{Place, told};
use super::enforce::{CarriedOut, carry_out, come_back};
use super::failing::{Tried, found, refused};
use super::founding::{REDEEM, shown_units, token_units};
use super::inputs::Inputs;
use super::issue::{Play, act, attempt, deed, open, prove, refuse, screening_texts, texts, title};
use super::story::Story;
use super::world::World;
use anyhow::{Context, Result, ensure};
use lockstep_chain::contracts::{Escrow, Token};
use lockstep_chain::{Account, Deposit, Receipt, deposits, encode, units};
use lockstep_node::client::Texts;
use lockstep_policy::Policy;
use lockstep_types::{Address, Amount, CaseId, Digest, Money, Time};
use serde::Serialize;

/// What became of the two redemptions.
#[derive(Debug, Serialize)]
pub struct Redeemed {
    /// How much, in the currency.
    pub amount: String,
    /// From the request to the bank's word that it has paid.
    pub paid_after_ms: u64,
    /// Within how long the policy says it is due.
    pub due_ms: u64,
    /// Block that burned the tokens of the paid one.
    pub burned_in: u64,
    /// Block that refunded those of the failed one.
    pub refunded_in: u64,
    /// Gas of the burn.
    pub gas_burn: u64,
    /// Gas of the refund.
    pub gas_refund: u64,
    /// Token units in circulation after it.
    pub supply: String,
}

impl Redeemed {
    /// Line by line, for a person.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        let burned = format!("{}, burned in block {}, {} gas", self.amount, self.burned_in, self.gas_burn);
        vec![
            ("Redeemed at par", burned),
            ("A payout that failed", format!("its tokens went back in block {}", self.refunded_in)),
            ("In circulation", format!("{} tokens after the redemption", shown_units(&self.supply))),
        ]
    }
}

/// A redemption that compliance has approved.
struct Approved {
    case: CaseId,
    money: Money,
    opened: Time,
}

/// The bank's reference of the payout that is made.
const PAYOUT: &str = "DEMO-PAYOUT-1";

/// Plays both: one that is paid, one whose payout fails.
pub fn play(world: &mut World, story: &mut Story, trust: &[u8]) -> Result<Redeemed> {
    story.part("A holder redeems at par");
    story.remark("the bank's payouts are made up: no statement has them yet");
    let (money, policy) = (half(&world.inputs)?, world.policy_named(REDEEM)?);
    let paid = approve(world, story, (&policy, money))?;
    let (paid_after_ms, due_ms) = pay(world, story, (&paid, &policy))?;
    let CarriedOut { executed: burned, .. } = carry_out(world, (Place::Home, paid.case))?;
    let (settled, seen) = come_back(world, (Place::Home, burned.block.time()?))?;
    let supply = seen.supply.to_string();
    story.line(format!(
        "   BURNED in block {}: {} gas; record {settled} says so, {} tokens are in circulation",
        burned.block.number,
        burned.gas,
        shown_units(&supply)
    ));
    let path = world.out.join("redemption.evidence.json");
    prove(world, paid.case, (&path, trust))?;
    story.line(format!("   {} proves it, and is verified", path.display()));

    let before = balance(world)?;
    let failed = approve(world, story, (&policy, money))?;
    attack_escrow(world, story, failed.case)?;
    attack_bank(world, story, &failed)?;
    let refunded = fail(world, story, &failed)?;
    let back = balance(world)?;
    ensure!(back == before, "the holder has {back} units of {before}");
    story.line(format!("   the holder has its {} tokens again", shown_units(&back.to_string())));
    Ok(Redeemed {
        amount: money.to_string(),
        paid_after_ms,
        due_ms,
        burned_in: burned.block.number,
        refunded_in: refunded.block.number,
        gas_burn: burned.gas,
        gas_refund: refunded.gas,
        supply,
    })
}

/// Half of what was issued, twice.
fn half(inputs: &Inputs) -> Result<Money> {
    let Money { amount, currency } = inputs.payment.money;
    ensure!(amount.minor() > 1, "an amount of one smallest unit cannot be redeemed in two halves");
    Ok(Money::new(Amount::from_minor(amount.minor() / 2)?, currency))
}

fn balance(world: &mut World) -> Result<u128> {
    let holder = Account::from(world.inputs.beneficiary.0);
    world.coin()?.balance(holder)
}

/// The bank pays, and says so; how long after the request, and by when the policy asks for it.
fn pay(world: &mut World, story: &mut Story, (paid, policy): (&Approved, &Policy)) -> Result<(u64, u64)> {
    let play = payout(world, (PAYOUT, paid.money))?;
    let word = act(world, story, paid.case, &play)?;
    let due_ms = policy.layout().step("payout").and_then(|step| step.due_ms).context("no due time")?;
    let at = word.records.first().context("no record")?.time();
    let paid_after_ms = at.ms_since(paid.opened);
    let due = due_ms / 3_600_000;
    story.line(format!("   paid {paid_after_ms} ms after the request; the policy says {due} hours at most"));
    world.certify()?;
    Ok((paid_after_ms, due_ms))
}

/// Request, deposit, screening, approval.
fn approve(world: &mut World, story: &mut Story, (policy, money): (&Policy, Money)) -> Result<Approved> {
    let holder = world.inputs.beneficiary;
    let parameters = texts(&[("amount", money.decimal()), ("holder", holder.to_string())]);
    let (case, opened) = open(world, ("issuer", policy), &parameters)?;
    deed(world, story, ("issuer", "opens a redemption at the holder's request"), (&opened, &parameters));
    let seen = deposit(world, case, money)?;
    story
        .line(format!("   the holder has put {money} in tokens into escrow, in block {}", seen.block.number));
    let claims = deposit_texts(world.coin()?.chain.chain_id(), (&seen, money));
    step(world, story, (case, policy), ("observer", "deposit", claims))?;
    let customer = world.inputs.customer.clone();
    let screening = world.inputs.lists.list.screen(Some(&customer), Some(holder))?;
    let claims = screening_texts(world.cast.of("screening"), &screening);
    step(world, story, (case, policy), ("screening", "screen", claims))?;
    step(world, story, (case, policy), ("compliance", "approve", Texts::new()))?;
    let opened = opened.records.first().context("no record")?.time();
    Ok(Approved { case, money, opened })
}

fn step(
    world: &mut World,
    story: &mut Story,
    (case, policy): (CaseId, &Policy),
    (role, step, texts): (&'static str, &'static str, Texts),
) -> Result<()> {
    let play = Play { role, step, title: title(policy, step), texts, evidence: Vec::new() };
    act(world, story, case, &play).map(drop)
}

/// The holder's deposit, once its block is final.
fn deposit(world: &mut World, case: CaseId, money: Money) -> Result<Deposit> {
    let (holder, now) = (Account::from(world.inputs.beneficiary.0), world.now()?);
    let value = units(u64::try_from(token_units(money)?)?);
    let coin = world.coin()?;
    let (token, escrow) = (coin.watch.token, coin.escrow());
    coin.send(now, (holder, token), encode(&Token::approveCall { spender: escrow, value }))?;
    let deposit = Escrow::depositCall { caseId: case.0.into(), token, amount: value };
    coin.send(now, (holder, escrow), encode(&deposit))?;
    coin.finalize()?;
    let found = deposits(&*coin.chain, (escrow, coin.watch.since), case)?;
    found.last().cloned().context("the deposit is not in a final block")
}

/// The observer's claims about a deposit.
fn deposit_texts(chain: u64, (seen, money): (&Deposit, Money)) -> Texts {
    texts(&[
        ("depositor", Address(seen.depositor.into_array()).to_string()),
        ("amount", money.decimal()),
        ("chain", format!("eip155:{chain}")),
        ("transaction", Digest(seen.transaction.0).to_string()),
        ("log", seen.index.to_string()),
        ("block", seen.block.number.to_string()),
        ("block_hash", Digest(seen.block.hash.0).to_string()),
    ])
}

/// The bank's word on a payout.
fn payout(world: &mut World, (reference, money): (&str, Money)) -> Result<Play> {
    let (payment, booked) = (&world.inputs.payment, world.now()?);
    let claims = texts(&[
        ("amount", money.decimal()),
        ("servicer", payment.servicer.clone()),
        ("account", payment.account.clone()),
        ("servicer_ref", reference.to_owned()),
        ("entry_ref", "-".to_owned()),
        ("creditor", world.inputs.customer.clone()),
        ("booked", "true".to_owned()),
        ("booked_at", booked.to_string()),
    ]);
    let note = format!("{reference}: {money} to {}, made up\n", world.inputs.customer);
    let evidence = vec![world.evidence(note.as_bytes())?];
    let title = title(&*world.policy_named(REDEEM)?, "payout");
    Ok(Play { role: "custodian", step: "payout", title, texts: claims, evidence })
}

/// The bank cannot pay: the tokens go back, and the holder fetches them.
fn fail(world: &mut World, story: &mut Story, approved: &Approved) -> Result<Receipt> {
    let reason = "the holder's bank sent the money back";
    let refusal = refuse(world, approved.case, ("custodian", "payout", reason))?;
    let told = format!("payout: refuses, {reason}");
    deed(world, story, ("custodian", &told), (&refusal, &Texts::new()));
    world.certify()?;
    let CarriedOut { executed, .. } = carry_out(world, (Place::Home, approved.case))?;
    let (settled, _) = come_back(world, (Place::Home, executed.block.time()?))?;
    story.line(format!(
        "   REFUNDED in block {}: {} gas; record {settled} says so",
        executed.block.number, executed.gas
    ));
    let (now, holder) = (world.now()?, Account::from(world.inputs.beneficiary.0));
    let coin = world.coin()?;
    let (token, escrow) = (coin.watch.token, coin.escrow());
    coin.send(now, (holder, escrow), encode(&Escrow::withdrawCall { account: holder, token }))?;
    Ok(executed)
}

/// The holder takes its tokens out while the bank is paying.
fn attack_escrow(world: &mut World, story: &mut Story, case: CaseId) -> Result<()> {
    let (holder, now) = (Account::from(world.inputs.beneficiary.0), world.now()?);
    let coin = world.coin()?;
    let (token, escrow) = (coin.watch.token, coin.escrow());
    let refund = Escrow::refundCall { caseId: case.0.into(), depositor: holder, token, amount: units(1) };
    let answer = coin.send(now, (holder, escrow), encode(&refund));
    let tried = Tried {
        title: "the holder takes its deposit back while the bank pays",
        tried: format!("{holder} asks the Escrow itself"),
        expected: "OnlyGate",
    };
    found(story, tried, told(answer));
    Ok(())
}

/// The bank pays less, or shows one payout twice.
fn attack_bank(world: &mut World, story: &mut Story, Approved { case, money, .. }: &Approved) -> Result<()> {
    let less = Money::new(Amount::from_minor(money.amount.minor() - 1)?, money.currency);
    let play = payout(world, ("DEMO-PAYOUT-2", less))?;
    let answer = attempt(world, *case, &play)?;
    let below = Tried {
        title: "a payout below par",
        tried: format!("the bank states that it has paid {less}"),
        expected: "guard",
    };
    refused(world, story, below, answer)?;
    let play = payout(world, (PAYOUT, *money))?;
    let answer = attempt(world, *case, &play)?;
    let twice = Tried {
        title: "one payout for two redemptions",
        tried: format!("the bank shows {PAYOUT} again, for the second deposit"),
        expected: "single_use",
    };
    refused(world, story, twice, answer)
}
