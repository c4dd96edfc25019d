//! Before the first case: credential issuers, credentials, lists, the policy, a reading of the supply.

use super::cast::{COSIGNERS, COUNSEL, Institution, ROLES, THRESHOLD, credential_keys, name};
use super::coin::{DECIMALS, Planned};
use super::story::Story;
use super::world::{ENVELOPE_MS, World, accepted};
use crate::os;
use anyhow::{Context, Result};
use lockstep_attest::sign::sign;
use lockstep_attest::{Credential, CredentialKey, Reading, Statement};
use lockstep_chain::Observation;
use lockstep_kernel::governance::{APPROVE, CONSENT, Files, Issuer, NewList};
use lockstep_kernel::state::StoredList;
use lockstep_kernel::{Action, Proposing, Request};
use lockstep_node::Accepted;
use lockstep_node::client::{self, Draft};
use lockstep_policy::Policy;
use lockstep_types::{Amount, CaseId, CredentialDigest, Currency, Digest, Money, Name};
use std::collections::BTreeSet;

const LAYOUT: &str = include_str!("../../../../policies/stablecoin-issue/policy.toml");
const GUARDS: &str = include_str!("../../../../policies/stablecoin-issue/guards.cedar");
const FREEZE_LAYOUT: &str = include_str!("../../../../policies/account-freeze/policy.toml");
const FREEZE_GUARDS: &str = include_str!("../../../../policies/account-freeze/guards.cedar");
const THAW_LAYOUT: &str = include_str!("../../../../policies/account-thaw/policy.toml");
const THAW_GUARDS: &str = include_str!("../../../../policies/account-thaw/guards.cedar");
const REDEEM_LAYOUT: &str = include_str!("../../../../policies/stablecoin-redeem/policy.toml");
const REDEEM_GUARDS: &str = include_str!("../../../../policies/stablecoin-redeem/guards.cedar");
/// The policy by which tokens are redeemed.
pub const REDEEM: &str = "stablecoin.redeem";
/// The policies that carry out orders of courts.
pub const FREEZE: &str = "account.freeze";
/// As [`FREEZE`], for its lift.
pub const THAW: &str = "account.thaw";
/// Before a loosening takes effect on this ledger: long enough to be waited for.
pub const NOTICE_MS: u64 = 500;
const YEAR_MS: u64 = 365 * 24 * 3_600_000;

/// Everybody whose role asks for a credential.
fn licensed() -> impl Iterator<Item = &'static str> {
    ROLES.into_iter().chain([COUNSEL])
}

/// Sets the ledger up.
pub fn found(world: &mut World, story: &mut Story) -> Result<()> {
    story.part("Rules and licences, each change agreed to by two administrators");
    let registrar = world.cast.of("registrar").clone();
    let kinds: BTreeSet<Name> = licensed().filter_map(|role| world.cast.of(role).kind).map(name).collect();
    let issuer = Issuer { keys: registrar.plain_keys(), kinds, lei: registrar.lei };
    govern(world, Action::NameIssuer(issuer))?;
    story.line(format!("   {} may attest credentials", registrar.name));
    for role in licensed() {
        let institution = world.cast.of(role).clone();
        give_credential(world, &institution, institution.kind.context("a role without credential")?)?;
        let (who, lei, kind) = (institution.name, institution.lei, institution.kind.unwrap_or_default());
        story.line(format!("   {who:<22} {lei}  {kind:<20} {}", institution.suites()));
    }
    adopt_lists(world, story)?;
    put_on_chain(world, story)?;
    read_supply(world, story)?;
    let certificate = world.certify()?;
    story.line(format!(
        "   certified by {} of 4: {} records",
        certificate.signatures.len(),
        certificate.size
    ));
    Ok(())
}

fn adopt_lists(world: &mut World, story: &mut Story) -> Result<()> {
    let programme = world.programme.clone();
    let list = world.inputs.lists.list.digest();
    let value = StoredList::Digest(list);
    govern(world, Action::SetList(NewList { list: name("sanctions"), programme: programme.clone(), value }))?;
    let counts = world.inputs.lists.list.counts();
    let list: String = list.to_string().chars().take(16).collect();
    story.line(format!(
        "   sanctions list {list}… in force: {} entries, {} aliases, {} addresses",
        counts.entries, counts.aliases, counts.addresses
    ));
    let value = StoredList::Set(["KP", "IR"].map(str::to_owned).into());
    govern(world, Action::SetList(NewList { list: name("blocked_countries"), programme, value }))?;
    Ok(())
}

/// The token behind its Gate, and the policy that names both. So much is in circulation that the headroom
/// wanted is left.
fn put_on_chain(world: &mut World, story: &mut Story) -> Result<()> {
    let (balance, headroom) = (world.inputs.balance.money, world.headroom_wanted()?);
    let supply = balance.amount.checked_sub(headroom.amount).context("the supply leaves the range")?;
    let planned = Planned::begin(world, token_units(Money::new(supply, balance.currency))?)?;
    let (money, programme) = (world.inputs.payment.money, world.programme.to_string());
    let adapted = layout_for(LAYOUT, (money, &programme));
    if adapted != LAYOUT {
        story.remark("the policy was adapted to the currency and amount of your statement; see OUT/policy");
    }
    let layout = planned.place(&adapted);
    adopt_policy(world, story, &layout)?;
    adopt_more(world, story, &planned)?;
    let coin = planned.build(world)?;
    story.line(format!(
        "   on chain {}: token {}, Gate {}, Anchor {}",
        coin.chain.chain_id(),
        coin.watch.token,
        coin.watch.gate,
        coin.anchor
    ));
    story.line("   the issuer has given every role over the token to the Gate, and kept none");
    match &world.inputs.anvil {
        None => story.remark(
            "the chain runs in this process: the contracts are the real ones, their EVM is revm; it has \
             neither peers nor fees",
        ),
        Some(url) => story.remark(format!(
            "the chain is the Anvil at {url}: it has no peers, lets every account send without a signature, \
             and is told the time"
        )),
    }
    world.coin = Some(coin);
    Ok(())
}

fn adopt_policy(world: &mut World, story: &mut Story, layout: &str) -> Result<()> {
    let dir = world.out.join("policy");
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
    os::write_atomic(&dir.join("policy.toml"), layout.as_bytes())?;
    os::write_atomic(&dir.join("guards.cedar"), GUARDS.as_bytes())?;
    govern(world, Action::Adopt(Files { guards: GUARDS.to_owned(), layout: layout.to_owned() }))?;
    let digest = world.policy()?.digest().to_string();
    let digest: String = digest.chars().take(16).collect();
    story.line(format!("   policy stablecoin.issue {digest}… in force, its files in {}", dir.display()));
    Ok(())
}

/// Three policies more. The first of a programme needs administrators alone; every further one may loosen
/// what is enforced.
fn adopt_more(world: &mut World, story: &mut Story, planned: &Planned) -> Result<()> {
    let (money, programme) = (world.inputs.payment.money, world.programme.to_string());
    let files = [(REDEEM_LAYOUT, REDEEM_GUARDS), (FREEZE_LAYOUT, FREEZE_GUARDS), (THAW_LAYOUT, THAW_GUARDS)];
    for (layout, guards) in files {
        let layout = planned.place(&layout_for(layout, (money, &programme)));
        let case = propose(world, Action::Adopt(Files { guards: guards.to_owned(), layout }))?;
        for role in COSIGNERS.into_iter().take(usize::from(THRESHOLD)) {
            let (_, folder) =
                world.cosigners.iter().find(|(found, _)| *found == role).context("no folder")?;
            let (key, institution) = (folder.key()?, world.cast.of(role).clone());
            let draft = client::agreement(&world.signing(&institution)?, case, name(CONSENT));
            accepted(world.hand_in(&draft, &[&key])?)?;
        }
    }
    for policy in [REDEEM, FREEZE, THAW] {
        // One change takes effect a tick.
        while world.policy_named(policy).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(NOTICE_MS));
            world.tick()?;
        }
    }
    story.line(format!(
        "   policies {REDEEM}, {FREEZE} and {THAW} in force: \
          {THRESHOLD} of 4 co-signers consented, the notice is over"
    ));
    story.remark(format!("the notice is {NOTICE_MS} ms here; a real ledger gives days"));
    Ok(())
}

/// A policy's layout for a programme and its currency; its largest amount is raised if the payment is larger.
fn layout_for(layout: &str, (money, programme): (Money, &str)) -> String {
    let currency = money.currency;
    let units = |major: i64| {
        Amount::from_minor(major * 10i64.pow(u32::from(currency.decimals()))).unwrap_or_default()
    };
    let text = |amount: Amount| Money::new(amount, currency).decimal();
    let max = units(50_000_000).max(money.amount);
    let min = units(1).min(money.amount);
    let cent = Amount::from_minor(1).unwrap_or_default();
    layout
        .replace("\"acme-usd\"", &format!("\"{programme}\""))
        .replace("currency = \"USD\"", &format!("currency = \"{currency}\""))
        .replace("money:USD", &format!("money:{currency}"))
        .replace("min = \"0.01\"", &format!("min = \"{}\"", text(cent)))
        .replace("min = \"1.00\"", &format!("min = \"{}\"", text(min)))
        .replace("max = \"50000000.00\"", &format!("max = \"{}\"", text(max)))
}

/// A governance case: proposed by one administrator, approved by the other.
fn govern(world: &mut World, action: Action) -> Result<()> {
    propose(world, action).map(drop)
}

fn propose(world: &mut World, action: Action) -> Result<CaseId> {
    let (admin, trustee) = (world.cast.of("administrator").clone(), world.cast.of("trustee").clone());
    let signing = world.signing(&admin)?;
    let deadline = world.now()?.saturating_add_ms(ENVELOPE_MS);
    let draft = client::proposal(&signing, &action, deadline, &mut os::seed);
    let submission = sign(&draft.statement, draft.openings, &admin.signers())?;
    let proposed = world.must(Request::Propose(Box::new(Proposing { action, submission })))?;
    let case = CaseId(proposed.records.first().context("no record")?.leaf_hash().0);
    let draft = client::agreement(&world.signing(&trustee)?, case, name(APPROVE));
    accepted(world.hand_in(&draft, &trustee.signers())?)?;
    Ok(case)
}

/// A credential for the keys of an institution.
pub fn give_credential(world: &mut World, institution: &Institution, kind: &str) -> Result<CredentialDigest> {
    give_keys(world, institution, (kind, credential_keys(&institution.keys)))
}

/// A credential for some keys.
pub fn give_keys(
    world: &mut World,
    institution: &Institution,
    (kind, keys): (&str, Vec<CredentialKey>),
) -> Result<CredentialDigest> {
    let registrar = world.cast.of("registrar").clone();
    let signing = world.signing(&registrar)?;
    let statement = Statement::Credential(Credential {
        expires: signing.expires,
        issued: signing.issued,
        keys,
        kind: name(kind),
        ledger: signing.ledger,
        party: signing.party,
        seen: signing.seen,
        subject: institution.lei,
        valid_from: signing.issued,
        valid_until: signing.issued.saturating_add_ms(YEAR_MS),
    });
    let draft = Draft { statement, openings: Vec::new() };
    let given = accepted(world.hand_in(&draft, &registrar.signers())?)?;
    let body =
        given.records.first().map(|record| lockstep_kernel::Body::from_slice(record.body())).transpose()?;
    match body {
        Some(lockstep_kernel::Body::Credentialed(body)) => Ok(body.credential),
        _ => anyhow::bail!("the credential left no record"),
    }
}

/// The observer's word on the supply as it stood at the balance's date.
fn read_supply(world: &mut World, story: &mut Story) -> Result<()> {
    let as_of = world.inputs.balance.as_of;
    let seen = world.observe(as_of)?;
    observe(world, &seen)?;
    let watcher = world.cast.of("observer").name;
    let (supply, block) = (shown_units(&seen.supply.to_string()), seen.block.number);
    story.line(format!(
        "   {watcher} read {supply} tokens in circulation in block {block}, the last at {as_of}"
    ));
    Ok(())
}

/// An observer attests what it has seen.
pub fn observe(world: &mut World, seen: &Observation) -> Result<Accepted> {
    let watcher = world.cast.of("observer").clone();
    let signing = world.signing(&watcher)?;
    let statement = Statement::Reading(Reading {
        block: seen.block.number,
        block_hash: Digest(seen.block.hash.0),
        block_time: seen.block.time()?,
        consumed: seen.consumed.clone(),
        domain: name("home"),
        expires: signing.expires,
        issued: signing.issued,
        ledger: signing.ledger,
        next_block_time: seen.next.time()?,
        party: signing.party,
        paused_until: None,
        programme: world.programme.clone(),
        seen: signing.seen,
        supply: seen.supply.to_string(),
    });
    let draft = Draft { statement, openings: Vec::new() };
    accepted(world.hand_in(&draft, &watcher.signers())?)
}

/// An amount in units of the token.
pub fn token_units(money: Money) -> Result<u128> {
    let more = DECIMALS.saturating_sub(u32::from(Currency::decimals(money.currency)));
    let minor = u128::try_from(money.amount.minor()).context("an amount below nothing")?;
    minor.checked_mul(10u128.pow(more)).context("an amount beyond every token")
}

/// Token units as people read them: with a point before the decimals.
pub fn shown_units(units: &str) -> String {
    let digits = format!("{units:0>width$}", width = usize::try_from(DECIMALS).unwrap_or(0) + 1);
    let (whole, part) = digits.split_at(digits.len() - usize::try_from(DECIMALS).unwrap_or(0));
    format!("{whole}.{part}")
}

impl World {
    /// The policy of the issuance.
    pub fn policy(&self) -> Result<std::sync::Arc<Policy>> {
        self.policy_named("stablecoin.issue")
    }

    /// The policy in force under this name.
    pub fn policy_named(&self, policy: &str) -> Result<std::sync::Arc<Policy>> {
        let programme = self.kernel().programme(self.programme.as_str()).context("no programme")?;
        let (digest, _) = programme.policies.get(policy).context("no such policy is in force")?;
        let adopted = self.kernel().policy(digest).context("no policy")?;
        Ok(std::sync::Arc::clone(&adopted.policy))
    }

    /// The payment and a tenth more, as far as the balance goes: what other cases then compete for.
    pub fn headroom_wanted(&self) -> Result<Money> {
        let (amount, balance) = (self.inputs.payment.money, self.inputs.balance.money);
        let tenth = Amount::from_minor(amount.amount.minor() / 10)?;
        let wanted = amount.amount.checked_add(tenth).unwrap_or(amount.amount).min(balance.amount);
        Ok(Money::new(wanted, amount.currency))
    }
}
