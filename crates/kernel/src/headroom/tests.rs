use super::*;
use lockstep_types::sha256;

fn time(ms: u64) -> Time {
    Time::from_ms(ms).unwrap()
}

fn amount(minor: i64) -> Amount {
    Amount::from_minor(minor).unwrap()
}

fn leaf(n: u64) -> LeafHash {
    LeafHash(sha256(&n.to_be_bytes()))
}

fn domain(n: usize) -> Name {
    format!("d{n}").parse().unwrap()
}

fn hold_id(n: u64, d: usize) -> HoldId {
    (CaseId(sha256(&n.to_be_bytes())), 0, domain(d))
}

/// Random histories of one programme on one to three domains: payments in, balances, mints that land late or
/// never, redemptions in both orders (paid then burned, burned then paid), and a finality lag of its own on
/// each domain.
///
/// INVARIANT that the account has to keep: the bank's money covers all tokens and all that is owed.
#[derive(Clone)]
struct History {
    random: u64,
    lags: Vec<u64>,
    now: u64,
    bank: i64,
    /// Domain, time, what was minted or burned.
    moves: Vec<(usize, u64, i64)>,
    holds: Vec<Minting>,
    redemptions: Vec<Redeeming>,
    balance: Option<u64>,
    account: Account,
    /// False for the broken form, which does not know of redemptions.
    redemptions_count: bool,
    drawn: u64,
}

#[derive(Clone)]
struct Minting {
    id: HoldId,
    amount: i64,
    domain: usize,
    landed: Option<u64>,
    returned: bool,
    not_after: u64,
}

#[derive(Clone)]
struct Redeeming {
    id: LeafHash,
    amount: i64,
    domain: usize,
    burned: Option<u64>,
    booked: Option<u64>,
}

impl History {
    fn new(seed: u64, redemptions_count: bool) -> Self {
        let mut history = Self {
            random: seed,
            lags: Vec::new(),
            now: 0,
            bank: 0,
            moves: Vec::new(),
            holds: Vec::new(),
            redemptions: Vec::new(),
            balance: None,
            account: Account::default(),
            redemptions_count,
            drawn: 0,
        };
        let domains = 1 + history.below(3);
        history.lags = (0..domains).map(|_| [0, 3, 10][history.below(3) as usize]).collect();
        history
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn id(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    fn tokens(&self, domain: Option<usize>, until: u64) -> i64 {
        let counts =
            |(d, at, _): &&(usize, u64, i64)| *at <= until && domain.is_none_or(|domain| domain == *d);
        self.moves.iter().filter(counts).map(|(_, _, m)| m).sum()
    }

    fn covered(&self) -> bool {
        let sum = |wanted: fn(&Redeeming) -> bool| -> i64 {
            self.redemptions.iter().filter(|x| wanted(x)).map(|x| x.amount).sum()
        };
        let owed = sum(|x| x.burned.is_some() && x.booked.is_none());
        let paid_not_burned = sum(|x| x.burned.is_none() && x.booked.is_some());
        self.bank + paid_not_burned >= self.tokens(None, u64::MAX) + owed
    }

    fn step(&mut self) {
        self.now += 1 + self.below(5);
        let (amount, domain) = (1 + self.below(9) as i64, self.below(self.lags.len() as u64) as usize);
        match self.below(100) {
            0..20 => self.payment(amount),
            20..40 => self.state_balance(),
            40..60 => {
                let lasts = 2 + self.below(11);
                self.decide_mint(amount, domain, lasts);
            }
            60..75 => {
                let which = self.next() as usize;
                self.land(which);
            }
            75..90 => {
                let paid_first = self.below(2) == 0;
                self.redeem(amount, domain, paid_first);
            }
            _ => {
                let half = self.next();
                self.complete(|n| half >> (n % 64) & 1 == 1);
            }
        }
        self.return_holds();
    }

    fn payment(&mut self, minor: i64) {
        self.bank += minor;
        let by = leaf(self.id());
        self.account.state_credit(by, Credit { amount: amount(minor), booked: time(self.now) });
    }

    fn state_balance(&mut self) {
        self.balance = Some(self.now);
        let by = leaf(self.id());
        self.account.state_balance(by, Balance { amount: amount(self.bank), as_of: time(self.now) });
    }

    fn decide_mint(&mut self, minor: i64, d: usize, lasts: u64) {
        let Some(t) = self.balance else { return };
        if self.lags.iter().any(|lag| self.now.saturating_sub(*lag) <= t) {
            return;
        }
        self.read(t);
        let domains: Vec<Name> = (0..self.lags.len()).map(domain).collect();
        let asked = Asked { domains: &domains, reading_age_ms_max: 0, now: time(self.now) };
        if self.account.headroom(&asked).unwrap() < minor {
            return;
        }
        let id = hold_id(self.id(), d);
        self.account.hold(id.clone(), amount(minor));
        let not_after = self.now + lasts;
        self.holds.push(Minting { id, amount: minor, domain: d, landed: None, returned: false, not_after });
    }

    /// Observers report the block at the balance date, and what is final by now.
    fn read(&mut self, t: u64) {
        for d in 0..self.lags.len() {
            let final_at = self.now.saturating_sub(self.lags[d]);
            for hold in self.holds.iter().filter(|hold| hold.domain == d) {
                if let Some(landed) = hold.landed.filter(|landed| *landed <= final_at) {
                    self.account.execute_hold(&hold.id, time(landed));
                }
            }
            let supply = amount(self.tokens(Some(d), t));
            let reading =
                SupplyAt { block_time: time(t), next_block_time: time(t + 1), read: time(self.now), supply };
            self.account.read_supply(&domain(d), reading);
        }
    }

    fn land(&mut self, which: usize) {
        let now = self.now;
        let lands = |hold: &Minting| hold.landed.is_none() && !hold.returned && now <= hold.not_after;
        let waiting: Vec<usize> = (0..self.holds.len()).filter(|n| lands(&self.holds[*n])).collect();
        if waiting.is_empty() {
            return;
        }
        let chosen = waiting[which % waiting.len()];
        self.holds[chosen].landed = Some(now);
        self.moves.push((self.holds[chosen].domain, now, self.holds[chosen].amount));
    }

    fn redeem(&mut self, minor: i64, d: usize, paid_first: bool) {
        if self.tokens(Some(d), u64::MAX) < minor {
            return;
        }
        let id = LeafHash(sha256(&self.id().to_be_bytes()));
        let mut redemption = Redeeming { id, amount: minor, domain: d, burned: None, booked: None };
        if paid_first && self.bank >= minor {
            self.bank -= minor;
            redemption.booked = Some(self.now);
        } else {
            redemption.burned = Some(self.now);
            self.moves.push((d, self.now, -minor));
        }
        self.redemptions.push(redemption);
        self.tell(self.redemptions.len() - 1);
    }

    fn complete(&mut self, chosen: impl Fn(usize) -> bool) {
        for n in (0..self.redemptions.len()).filter(|n| chosen(*n)) {
            let (minor, d) = (self.redemptions[n].amount, self.redemptions[n].domain);
            match (self.redemptions[n].burned, self.redemptions[n].booked) {
                (None, _) if self.tokens(Some(d), u64::MAX) >= minor => {
                    self.redemptions[n].burned = Some(self.now);
                    self.moves.push((d, self.now, -minor));
                }
                (Some(_), None) => {
                    self.redemptions[n].booked = Some(self.now);
                    self.bank -= minor;
                }
                _ => {}
            }
            self.tell(n);
        }
    }

    fn tell(&mut self, n: usize) {
        if self.redemptions_count {
            let x = &self.redemptions[n];
            let (burned, booked) = (x.burned.map(time), x.booked.map(time));
            self.account.redeem(x.id, Redemption { amount: amount(x.amount), burned, booked });
        }
    }

    /// By finality, never by the clock.
    fn return_holds(&mut self) {
        for hold in &mut self.holds {
            if hold.landed.is_none() && self.now.saturating_sub(self.lags[hold.domain]) > hold.not_after {
                hold.returned = true;
                self.account.return_hold(&hold.id);
            }
        }
    }
}

const HISTORIES: u64 = 30_000;

/// How many of the histories leave tokens uncovered at some time.
fn uncovered(redemptions_count: bool) -> usize {
    let breaks = |seed: &u64| {
        let mut history = History::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d), redemptions_count);
        (0..120).any(|_| {
            history.step();
            !history.covered()
        })
    };
    (0..HISTORIES).filter(breaks).count()
}

#[test]
fn no_history_leaves_tokens_uncovered() {
    assert_eq!(uncovered(true), 0);
}

#[test]
fn without_the_redemption_term_some_histories_do() {
    let found = uncovered(false);
    assert!(found > 0, "the property above could not fail");
}

/// What can come first or last in a programme with money for one of two claims, each on a chain of its own.
#[derive(Clone, Copy)]
enum Act {
    /// The bank states its balance as of now.
    Balance,
    /// Somebody asks for six of the ten on this chain, for six ticks.
    Claim(usize),
    /// The oldest mint that still can lands.
    Land,
    /// A holder burns six on this chain; the bank owes them.
    Burn(usize),
    /// The bank pays what it owes.
    Pay,
    /// Time passes until everything is final.
    Finality,
}

const ACTS: [Act; 8] = [
    Act::Balance,
    Act::Claim(0),
    Act::Claim(1),
    Act::Land,
    Act::Burn(0),
    Act::Burn(1),
    Act::Pay,
    Act::Finality,
];

impl History {
    /// Two chains, of which one is final later, and ten at the bank.
    fn of_two_chains(redemptions_count: bool) -> Self {
        let mut history = Self { lags: vec![1, 4], now: 10, ..Self::new(1, redemptions_count) };
        history.payment(10);
        history
    }

    fn act(&mut self, act: Act) {
        self.now += if matches!(act, Act::Finality) { 12 } else { 1 };
        match act {
            Act::Balance => self.state_balance(),
            Act::Claim(d) => self.decide_mint(6, d, 6),
            Act::Land => self.land(0),
            Act::Burn(d) => self.redeem(6, d, false),
            Act::Pay => self.complete(|_| true),
            Act::Finality => {}
        }
        self.return_holds();
    }

    /// Whether the bank's money covers every token and debt even if all that may land does.
    fn covered_at_worst(&self) -> bool {
        let last = |hold: &&Minting| hold.landed.is_none() && !hold.returned && self.now <= hold.not_after;
        let may_land: i64 = self.holds.iter().filter(last).map(|hold| hold.amount).sum();
        let owed = self.redemptions.iter().filter(|x| x.booked.is_none()).map(|x| x.amount).sum::<i64>();
        self.bank >= self.tokens(None, u64::MAX) + owed + may_land
    }

    /// Goes through every ordering of so many further acts.
    fn explore(&self, depth: usize) -> Counted {
        if !self.covered_at_worst() {
            return Counted { missing: 1, ..Counted::default() };
        }
        if depth == 0 {
            let on = |d| self.holds.iter().any(|hold| hold.domain == d && hold.landed.is_some());
            let chains = usize::from(on(0)) + usize::from(on(1));
            return Counted { missing: 0, one: usize::from(chains == 1), both: usize::from(chains == 2) };
        }
        let explored = ACTS.map(|act| {
            let mut next = self.clone();
            next.act(act);
            next.explore(depth - 1)
        });
        explored.into_iter().fold(Counted::default(), |sum, found| Counted {
            missing: sum.missing + found.missing,
            one: sum.one + found.one,
            both: sum.both + found.both,
        })
    }
}

/// In how many orderings money is missing, and in how many it was minted on one chain, and on both.
#[derive(Default)]
struct Counted {
    missing: usize,
    one: usize,
    both: usize,
}

#[test]
fn one_reserve_backs_no_two_claims_in_any_order_of_claim_balance_mint_burn_payout_and_finality() {
    let found = History::of_two_chains(true).explore(7);
    assert_eq!((found.missing, found.both), (0, 0));
    assert!(found.one > 0, "nobody has minted anything");
}

#[test]
fn what_was_burned_and_is_owed_backs_no_claim_on_the_other_chain() {
    let burned = |redemptions_count| {
        let mut history = History::of_two_chains(redemptions_count);
        for act in [Act::Balance, Act::Finality, Act::Claim(0), Act::Land, Act::Burn(0)] {
            history.act(act);
        }
        assert_eq!(history.tokens(None, u64::MAX), 0, "minted and burned");
        history
    };
    let found = burned(true).explore(5);
    assert_eq!((found.missing, found.both), (0, 0));
    assert!(burned(false).explore(5).missing > 0, "the property could not fail");
}

/// What happens in an ordering, with its time: `c` a credit is booked, `b` the balance date, `h` a hold is
/// taken (execution unknown), `x` the hold is executed, `r` the reading's block.
fn headroom_of(credit: Option<u64>, executed: Option<u64>, supply: i64) -> Result<i64, Unknown> {
    let mut account = Account::default();
    if let Some(booked) = credit {
        account.state_credit(leaf(1), Credit { amount: amount(100), booked: time(booked) });
    }
    account.hold(hold_id(1, 0), amount(30));
    if let Some(at) = executed {
        account.execute_hold(&hold_id(1, 0), time(at));
    }
    account.state_balance(leaf(2), Balance { amount: amount(1_000), as_of: time(50) });
    let reading =
        SupplyAt { block_time: time(50), next_block_time: time(60), read: time(70), supply: amount(supply) };
    account.read_supply(&domain(0), reading);
    account.headroom(&Asked { domains: &[domain(0)], reading_age_ms_max: 5, now: time(75) })
}

#[test]
fn money_and_tokens_count_once_whatever_comes_first() {
    // Credit booked at, hold executed at, supply at the block of the balance date, headroom.
    let table = [
        (None, None, 0, 970),       // the hold may still land
        (None, Some(40), 30, 970),  // it landed before the block, which shows it
        (None, Some(50), 30, 970),  // in that very block
        (None, Some(51), 0, 970),   // it landed later: the block does not show it
        (Some(50), None, 0, 970),   // the credit is in the balance
        (Some(51), None, 0, 1_070), // the credit is younger than the balance
        (Some(51), Some(51), 0, 1_070),
        (Some(50), Some(40), 30, 970),
    ];
    for (credit, executed, supply, expected) in table {
        assert_eq!(headroom_of(credit, executed, supply), Ok(expected), "{credit:?} {executed:?} {supply}");
    }
}

#[test]
fn a_redemption_is_owed_between_burn_and_payout() {
    // Burned at, booked at, headroom with a balance of 1,000 at 50 and supply as burned by then.
    let table = [
        (Some(40), None, 960), // 40 tokens are gone, the money is still owed
        (Some(40), Some(45), 1_000),
        (Some(40), Some(50), 1_000),
        (Some(40), Some(51), 960), // paid after the balance
        (Some(51), None, 1_000),   // burned after the block: supply still has them
        (None, Some(45), 1_000),
    ];
    for (burned, booked, expected) in table {
        let mut account = Account::default();
        account.state_balance(leaf(1), Balance { amount: amount(1_000), as_of: time(50) });
        let reading =
            SupplyAt { block_time: time(50), next_block_time: time(51), read: time(70), supply: amount(0) };
        account.read_supply(&domain(0), reading);
        let (burned_at, booked_at) = (burned.map(time), booked.map(time));
        account.redeem(
            LeafHash([1; 32]),
            Redemption { amount: amount(40), burned: burned_at, booked: booked_at },
        );
        let asked = Asked { domains: &[domain(0)], reading_age_ms_max: 5, now: time(75) };
        assert_eq!(account.headroom(&asked), Ok(expected), "{burned:?} {booked:?}");
    }
}

#[test]
fn what_is_not_known_refuses() {
    let mut account = Account::default();
    let asked = Asked { domains: &[domain(0)], reading_age_ms_max: 5, now: time(75) };
    assert_eq!(account.headroom(&asked), Err(Unknown::NoBalance));
    account.state_balance(leaf(1), Balance { amount: amount(1_000), as_of: time(50) });
    let missing = Err(Unknown::NoReading { domain: domain(0), at: time(50) });
    assert_eq!(account.headroom(&asked), missing);
    let reading = |from, to, read| SupplyAt {
        block_time: time(from),
        next_block_time: time(to),
        read: time(read),
        supply: amount(7),
    };
    for (from, to, read) in [(51, 60, 75), (40, 50, 75), (50, 60, 69)] {
        account.read_supply(&domain(0), reading(from, to, read));
        assert_eq!(account.headroom(&asked), missing, "{from} {to} {read}");
    }
    account.read_supply(&domain(0), reading(50, 51, 70));
    assert_eq!(account.headroom(&asked), Ok(993));
    // Another domain on which something is held counts, whether this policy asks for it or not.
    account.hold(hold_id(1, 1), amount(5));
    assert_eq!(account.headroom(&asked), Err(Unknown::NoReading { domain: domain(1), at: time(50) }));
    account.return_hold(&hold_id(1, 1));
    assert_eq!(account.headroom(&asked), Ok(993));
}

#[test]
fn a_balance_that_falls_takes_its_date_with_it() {
    let mut account = Account::default();
    let balance = |at| Balance { amount: amount(1_000), as_of: time(at) };
    account.hold(hold_id(1, 0), amount(30));
    account.execute_hold(&hold_id(1, 0), time(40));
    account.state_balance(leaf(1), balance(50));
    assert!(account.forget_balance(&leaf(1)));
    // The hold is forgotten, and supply at 30 would not show it.
    account.state_balance(leaf(2), balance(30));
    let asked = Asked { domains: &[domain(0)], reading_age_ms_max: 5, now: time(75) };
    assert_eq!(account.headroom(&asked), Err(Unknown::NoBalance));
    account.state_balance(leaf(3), balance(50));
    assert_ne!(account.headroom(&asked), Err(Unknown::NoBalance));
}

#[test]
fn sums_are_what_the_parts_add_up_to_after_a_restart_too() {
    for seed in 0..200 {
        let mut history = History::new(seed, true);
        for _ in 0..120 {
            history.step();
        }
        let json = serde_json::to_vec(&history.account).unwrap();
        let again: Account = serde_json::from_slice(&json).unwrap();
        assert_eq!(again, history.account, "seed {seed}");
    }
}

#[test]
fn the_question_costs_the_same_with_many_holds() {
    let mut account = Account::default();
    account.state_balance(leaf(0), Balance { amount: amount(1_000_000_000), as_of: time(50) });
    for n in 0..20_000 {
        account.hold(hold_id(n, 0), amount(1));
        account.state_credit(leaf(n), Credit { amount: amount(1), booked: time(51 + n) });
    }
    let reading =
        SupplyAt { block_time: time(50), next_block_time: time(51), read: time(70), supply: amount(7) };
    account.read_supply(&domain(0), reading);
    let asked = Asked { domains: &[domain(0)], reading_age_ms_max: 5, now: time(75) };
    // 20,000 questions over 20,000 holds: walking them would take minutes here.
    for _ in 0..20_000 {
        assert_eq!(account.headroom(&asked), Ok(999_999_993));
    }
}
