//! Packs made for an audience: what the policy does not grant is not in them, and they never say more than a
//! pack that shows more.

#[path = "world/world.rs"]
mod world;

use lockstep_attest::{Claim, Statement, Submission};
use lockstep_kernel::Request;
use lockstep_kernel::governance::Files;
use lockstep_pack::report::Shown;
use lockstep_pack::{BuildError, Options, Pack, PackedBody, PackedCommand, Report, Topic, build, verify};
use lockstep_policy::{Audience, Layout, Policy, View};
use lockstep_types::*;
use std::collections::BTreeSet;
use world::*;

/// What records carry, so that no policy can leave it out.
const ANYWAY: [&str; 6] = [
    "param.amount",
    "param.beneficiary",
    "payment.amount",
    "payment.booked_at",
    "reserve.as_of",
    "reserve.balance",
];
/// What a policy may grant besides.
const GRANTS: [&str; 19] = [
    "param.jurisdiction",
    "request.*",
    "payment.servicer",
    "payment.account",
    "payment.servicer_ref",
    "payment.entry_ref",
    "payment.debtor",
    "payment.booked",
    "payment.bank-statement",
    "reserve.segregated",
    "reserve.earmarked_for",
    "reserve.bank-statement",
    "audit.agrees",
    "audit.balance",
    "audit.haircut_bps",
    "screen.hits",
    "screen.provider",
    "screen.list",
    "approve.*",
];

/// The shipped policy with these audiences.
fn layout(audiences: &[(Audience, Vec<&str>)]) -> String {
    let mut text = LAYOUT.split("\n[audience]").next().unwrap().to_owned() + "\n[audience]\n";
    for (audience, grants) in audiences {
        let grants: Vec<String> = grants.iter().map(|grant| format!("\"{grant}\"")).collect();
        text += &format!("{audience} = [{}]\n", grants.join(", "));
    }
    text
}

/// The public sees what records carry, and each other audience what `chosen` picks besides.
fn chosen(pick: &dyn Fn(Audience, usize) -> bool) -> Vec<(Audience, Vec<&'static str>)> {
    let grants = |audience: Audience| {
        let anyway = ANYWAY.iter().filter(|_| audience == Audience::Public);
        let more = GRANTS.iter().enumerate().filter(|(at, _)| pick(audience, *at)).map(|(_, grant)| grant);
        (audience, anyway.chain(more).copied().collect())
    };
    Audience::ALL.map(grants).into()
}

/// A ledger with one case of every kind, by the policy with these audiences.
fn cases(layout: &str) -> (World, Vec<CaseId>) {
    let mut world = stablecoin_by(World::genesis("AUDIENCE"), layout);
    let done = decided(&mut world);
    let waiting = prepare(&mut world, "second");
    let leaf = world.ledger.machine().case(&waiting).unwrap().steps[&name("screen")].leaf;
    world.withdraw(waiting, "screening", leaf);
    let refused = open(&mut world);
    world.attest(refused, "issuer", "request", &[]);
    world.attest(
        refused,
        "auditor",
        "audit",
        &[("agrees", "true"), ("balance", "7654321.00"), ("haircut_bps", "1")],
    );
    pay(&mut world, refused, "2026112000017");
    world.refuse(refused, "screening", "screen");
    let settled = decided_as(&mut world, "third");
    let executed = world.now;
    world.wait(5_000);
    let consumed = vec![lockstep_attest::Consumed { case: settled, ordinal: 0, time: executed }];
    world.read(world.now.saturating_sub_ms(1_000), "3000000000000", consumed);
    world.certify();
    (world, vec![done, waiting, refused, settled])
}

fn decided_as(world: &mut World, reference: &str) -> CaseId {
    let case = prepare(world, reference);
    world.attest(case, "compliance", "approve", &[]);
    world.certify();
    case
}

fn for_audience(audience: Audience) -> Options {
    Options { audience: Some(audience), evidence: true, ..Options::default() }
}

fn view(layout: &str, audience: Audience) -> View {
    Layout::from_file(layout.as_bytes()).unwrap().view(audience).unwrap()
}

/// Everything that was said in a case: by its place (`STEP.CLAIM`, `STEP.SLOT`, `STEP.*` for a reason), the
/// texts by which it would be found in a pack.
fn said(world: &World, case: CaseId) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut said = Vec::new();
    let steps: std::collections::BTreeMap<LeafHash, Name> =
        world.records.iter().filter_map(step_of).collect();
    for place in &world.index[&Topic::Case(case)] {
        let (first, request) = &world.made[*place as usize];
        let Some(Ok(Request::Submit(submission))) = request.as_deref().map(Request::from_slice) else {
            continue;
        };
        if first != place {
            continue;
        }
        let (step, evidence) = match Statement::from_slice(&submission.envelope.payload).unwrap() {
            Statement::Opening(_) => ("param".to_owned(), Vec::new()),
            Statement::Attestation(word) => {
                said.extend(
                    word.reason.map(|reason| (format!("{}.*", word.step), vec![reason.into_bytes()])),
                );
                (word.step.to_string(), word.evidence)
            }
            Statement::Withdrawal(word) => {
                let reason = vec![word.reason.into_bytes()];
                said.push((format!("{}.*", steps[&word.leaf]), reason));
                continue;
            }
            _ => continue,
        };
        said.extend(
            submission
                .openings
                .iter()
                .flatten()
                .map(|claim| (format!("{step}.{}", claim.name), traces(claim))),
        );
        for digest in evidence {
            let document = &world.documents[&digest];
            let salt = document.salt.to_string().into_bytes();
            said.push((format!("{step}.bank-statement"), vec![document.document.clone(), salt]));
        }
    }
    said
}

fn step_of(record: &lockstep_ledger::Record) -> Option<(LeafHash, Name)> {
    match lockstep_kernel::Body::peek(record) {
        Some(lockstep_kernel::Body::Attested(body)) => Some((record.leaf_hash(), body.step)),
        _ => None,
    }
}

/// How a value could stand in a pack: its text, its salt, its minor units, its milliseconds, its 20 bytes.
/// Words that stand everywhere (`true`, `1`) are left to the salt.
fn traces(claim: &Claim) -> Vec<Vec<u8>> {
    let mut traces = vec![claim.salt.to_string().into_bytes()];
    if claim.value.len() >= 6 {
        traces.push(claim.value.clone().into_bytes());
    }
    if let Some((whole, "00")) = claim.value.split_once('.') {
        traces.push(format!("{whole}00").into_bytes());
    }
    traces.extend(claim.value.parse::<Time>().map(|time| time.ms().to_string().into_bytes()));
    traces.extend(claim.value.parse::<Address>().map(|address| address.0.to_vec()));
    traces
}

/// The bytes of a pack, and of all that stands in it as base64.
fn bytes_of(pack: &[u8]) -> Vec<u8> {
    let opened = Pack::from_slice(pack).unwrap();
    let mut all = pack.to_vec();
    for group in &opened.excerpt {
        all.extend(group.command.submission().iter().flat_map(|word| word.envelope.payload.clone()));
        for record in &group.records {
            if let PackedBody::Outcome(body) = &record.body {
                all.extend(body);
            }
        }
    }
    all.extend(opened.evidence.iter().flat_map(|shown| shown.document.clone()));
    all
}

fn holds(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

fn grants(view: &View, place: &str) -> bool {
    match place.split_once('.').unwrap() {
        ("param", param) => view.shows_param(param),
        (step, "*") => view.shows_step(&name(step)),
        (step, part) => view.shows_part(&name(step), part),
    }
}

/// A pack holds what is granted and no trace of anything else.
fn check_bytes(world: &World, case: CaseId, (pack, view): (&[u8], &View)) -> usize {
    let (all, said) = (bytes_of(pack), said(world, case));
    // The ledger's id and an adopted list are public, whoever repeats them in a claim.
    let public = [world.id().to_string(), Digest(sha256(b"list")).to_string()].map(String::into_bytes);
    let shown = said.iter().filter(|(place, _)| grants(view, place)).flat_map(|(_, traces)| traces);
    let granted: BTreeSet<&Vec<u8>> = shown.chain(&public).collect();
    let mut withheld = 0;
    for (place, traces) in &said {
        let shown = grants(view, place);
        for trace in traces.iter().filter(|trace| !shown && !granted.contains(*trace)) {
            assert!(
                !holds(&all, trace),
                "`{place}` is withheld, and in the pack: {}",
                String::from_utf8_lossy(trace)
            );
            withheld += 1;
        }
        // Of what is shown the first trace is there: the search would have found the others.
        assert!(!shown || holds(&all, &traces[0]), "`{place}` is granted, and not in the pack");
    }
    withheld
}

/// 2 verified, 1 cannot tell.
fn strength(report: &Report) -> u8 {
    match told(report).as_str() {
        "verified" => 2,
        text if text.starts_with("cannot_tell") => 1,
        text => panic!("{text}\n{}", report.to_lines().join("\n")),
    }
}

/// Records that were decided again in full.
fn rerun(report: &Report) -> BTreeSet<u64> {
    let steps = &report.facts.as_ref().unwrap().steps;
    steps.iter().filter(|step| step.shown == Shown::Rerun).map(|step| step.index).collect()
}

/// Tables of audiences: nothing besides, everything, and some that a small generator picks.
fn tables() -> Vec<String> {
    let mut tables = vec![
        layout(&chosen(&|_, _| false)),
        layout(&[(Audience::Public, vec!["*"])]),
        layout(&[(Audience::Public, ANYWAY.to_vec()), (Audience::Supervisor, vec!["*"])]),
        layout(&[
            (Audience::Public, ANYWAY.to_vec()),
            (Audience::Auditor, vec!["payment.*", "screen.*"]),
            (Audience::Supervisor, vec!["payment.*", "screen.*", "audit.*", "reserve.*", "param.*"]),
        ]),
    ];
    let mut state = 7u64;
    for _ in 0..8 {
        let mut words = [0u64; 4];
        for word in &mut words {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *word = state >> 33;
        }
        let public = words[0] & words[1] & words[2];
        let of = |audience: Audience| Audience::ALL.iter().position(|one| *one == audience).unwrap();
        let pick = |audience: Audience, at: usize| match audience {
            Audience::Public => public >> at & 1 == 1,
            _ => (words[of(audience)] & !public) >> at & 1 == 1,
        };
        tables.push(layout(&chosen(&pick)));
    }
    tables
}

#[test]
fn a_pack_for_an_audience_says_no_more_than_one_that_shows_more_and_holds_no_trace_of_the_rest() {
    let (mut pairs, mut withheld, mut verdicts) = (0, 0, BTreeSet::new());
    for table in tables() {
        let (world, cases) = cases(&table);
        let trust = world.trust();
        let layout = Layout::from_file(table.as_bytes()).unwrap();
        for case in cases {
            let open = verify(&world.pack_with(case, &for_all()), Some(&trust));
            let mut made: Vec<(View, Report)> = Vec::new();
            for granted in &layout.audiences {
                let view = view(&table, granted.audience);
                let pack = world.pack_with(case, &for_audience(granted.audience));
                withheld += check_bytes(&world, case, (&pack, &view));
                let report = verify(&pack, Some(&trust));
                assert!(
                    report.facts.as_ref().unwrap().audiences.as_ref().unwrap().contains(&granted.audience)
                );
                verdicts.insert(told(&report));
                assert!(strength(&report) <= strength(&open) && rerun(&report).is_subset(&rerun(&open)));
                made.push((view, report));
            }
            let places: Vec<String> = said(&world, case).into_iter().map(|(place, _)| place).collect();
            let seen = |view: &View| places.iter().map(|place| grants(view, place)).collect::<Vec<bool>>();
            for (narrow, less) in &made {
                for (wide, more) in &made {
                    if seen(narrow).iter().zip(seen(wide)).all(|(narrow, wide)| *narrow <= wide) {
                        pairs += 1;
                        assert!(strength(less) <= strength(more), "{} / {}", told(less), told(more));
                        assert!(rerun(less).is_subset(&rerun(more)));
                    }
                }
            }
        }
    }
    assert!(pairs > 200 && withheld > 2_000, "{pairs} pairs, {withheld} traces looked for");
    let verdicts: Vec<&str> = verdicts.iter().map(String::as_str).collect();
    assert_eq!(verdicts, ["cannot_tell: claims", "cannot_tell: withheld, claims", "verified"]);
}

fn for_all() -> Options {
    Options { evidence: true, ..Options::default() }
}

#[test]
fn a_supervisor_who_sees_everything_gets_the_pack_that_withholds_nothing() {
    let (world, cases) = cases(&tables()[2]);
    for case in cases {
        let pack = world.pack_with(case, &for_audience(Audience::Supervisor));
        assert!(pack == world.pack_with(case, &for_all()));
        let report = verify(&pack, Some(&world.trust()));
        assert_eq!(told(&report), "verified");
        assert_eq!(report.facts.unwrap().audiences, Some(vec![Audience::Supervisor]));
    }
}

#[test]
fn a_report_names_what_is_withheld_step_by_step() {
    let table = layout(&[
        (Audience::Public, ANYWAY.to_vec()),
        (Audience::Auditor, vec!["payment.bank-statement", "payment.debtor", "audit.*"]),
    ]);
    let (world, cases) = cases(&table);
    let report = verify(&world.pack_with(cases[0], &for_audience(Audience::Auditor)), Some(&world.trust()));
    let facts = report.facts.as_ref().unwrap();
    let missing: Vec<String> = facts
        .steps
        .iter()
        .filter(|step| !step.claims_withheld.is_empty() || !step.documents_not_shown.is_empty())
        .map(|step| {
            let name = step.step.as_ref().map_or(step.kind, |step| step.as_str());
            format!("{name}: {} / {}", step.claims_withheld.join(" "), step.documents_not_shown.join(" "))
        })
        .collect();
    assert_eq!(
        missing,
        [
            "opened: jurisdiction / ",
            "payment: servicer account servicer_ref entry_ref booked / ",
            "reserve: segregated earmarked_for / bank-statement",
            "screen: provider hits list / ",
        ]
    );
    let lines = report.to_lines();
    for line in [
        "by its policy, what is shown here may be seen by: auditor",
        "      withheld: segregated, earmarked_for; what a rule asks of it rests on the certificate",
        "      documents not shown: bank-statement; that they exist is the party's word",
    ] {
        assert!(lines.iter().any(|found| found == line), "{line}\n{}", lines.join("\n"));
    }
    let json = String::from_utf8(report.to_json().unwrap()).unwrap();
    assert!(json.contains("\"claims_withheld\":[\"segregated\",\"earmarked_for\"]"), "{json}");
    assert!(
        json.contains("\"documents_not_shown\":[\"bank-statement\"]")
            && json.contains("\"audiences\":[\"auditor\"]")
    );
    // A pack that withholds nothing is fit for nobody here.
    let open = verify(&world.pack_with(cases[0], &for_all()), Some(&world.trust()));
    assert_eq!(open.facts.as_ref().unwrap().audiences, Some(Vec::new()));
    assert!(open.to_lines().iter().any(|line| line.starts_with("its policy names nobody who may see")));
}

#[test]
fn without_an_audience_of_that_name_no_pack_is_made() {
    let table = layout(&[(Audience::Public, ANYWAY.to_vec()), (Audience::Auditor, Vec::new())]);
    let (world, cases) = cases(&table);
    let refused = build(&world, cases[0], &for_audience(Audience::Supervisor)).unwrap_err();
    assert!(matches!(refused, BuildError::NotAnAudience { audience: Audience::Supervisor, .. }));
    assert_eq!(
        refused.to_string(),
        "the policy of the case names no audience `supervisor`: it names `public`, `auditor`"
    );
    let without = LAYOUT.split("\n[audience]").next().unwrap();
    let mut world = stablecoin_by(World::genesis("NONE"), without);
    let case = decided(&mut world);
    for audience in Audience::ALL {
        let refused = build(&world, case, &for_audience(audience)).unwrap_err();
        assert!(refused.to_string().ends_with("it names none"), "{refused}");
    }
    assert_eq!(verify(&world.pack(case), Some(&world.trust())).facts.unwrap().audiences, None);
}

#[test]
fn an_audience_and_names_withhold_together() {
    let table =
        layout(&[(Audience::Public, ANYWAY.to_vec()), (Audience::Auditor, vec!["payment.*", "screen.*"])]);
    let (world, cases) = cases(&table);
    let with = |withhold: &[&str]| Options {
        withhold: withhold.iter().map(|name| (*name).to_owned()).collect(),
        ..for_audience(Audience::Auditor)
    };
    let pack = bytes_of(&world.pack_with(cases[0], &with(&["payment.debtor", "screen"])));
    assert!(!holds(&pack, b"Jane Doe") && !holds(&pack, b"Clear Screening"));
    assert!(
        holds(&pack, b"NO9386011117947")
            && holds(&bytes_of(&world.pack_with(cases[0], &with(&[]))), b"Jane Doe")
    );
    // What the audience does not see anyway is still there to be named; what the case does not have is not.
    world.pack_with(cases[0], &with(&["audit.balance"]));
    let refused = build(&world, cases[0], &with(&["audit.nothing"])).unwrap_err();
    assert!(matches!(refused, BuildError::NothingToWithhold { .. }));
}

#[test]
fn the_policy_of_the_case_counts_and_not_the_one_in_force_now() {
    let narrow = layout(&[(Audience::Public, ANYWAY.to_vec()), (Audience::Auditor, Vec::new())]);
    let mut world = stablecoin_by(World::genesis("LATER"), &narrow);
    let before = decided(&mut world);
    let wide = layout(&[(Audience::Public, ANYWAY.to_vec()), (Audience::Auditor, vec!["*"])]);
    let files = Files { guards: GUARDS.to_owned(), layout: wide.clone() };
    let adoption = world.propose(lockstep_kernel::Action::Adopt(files));
    world.consent(adoption);
    let after = decided_as(&mut world, "after");
    let wide = Policy::from_files(wide.as_bytes(), GUARDS.as_bytes()).unwrap();
    assert_eq!(policy(&world), wide.digest());
    let shows = |case: CaseId| {
        holds(&bytes_of(&world.pack_with(case, &for_audience(Audience::Auditor))), b"Jane Doe")
    };
    assert!(!shows(before) && shows(after));
}

/// Why `public` has to name what records carry: taking the claim out does not take the value out.
#[test]
fn a_value_that_a_record_carries_cannot_be_withheld() {
    let (world, cases) = cases(&tables()[0]);
    let options = Options {
        withhold: vec!["payment.amount".to_owned(), "open.amount".to_owned()],
        ..Options::default()
    };
    let pack = bytes_of(&world.pack_with(cases[0], &options));
    assert!(!holds(&pack, b"\"value\":\"1000000.00\"") && holds(&pack, b"\"amount\":100000000"));
}

/// Takes the signed commands and documents of a case away, as `lockstep erase` does.
fn erase(world: &mut World, case: CaseId) {
    for place in world.index[&Topic::Case(case)].clone() {
        let (_, request) = &mut world.made[place as usize];
        let Some(Ok(Request::Submit(submission))) = request.as_deref().map(Request::from_slice) else {
            continue;
        };
        *request = None;
        for digest in evidence(&submission) {
            world.documents.remove(&digest);
        }
    }
}

fn evidence(submission: &Submission) -> Vec<EvidenceDigest> {
    match Statement::from_slice(&submission.envelope.payload).unwrap() {
        Statement::Attestation(word) => word.evidence,
        _ => Vec::new(),
    }
}

#[test]
fn what_is_left_of_an_erased_case_is_verifiable_for_every_audience_and_other_cases_keep_their_packs() {
    let table = layout(&[
        (Audience::Public, ANYWAY.to_vec()),
        (Audience::Auditor, vec!["payment.*"]),
        (Audience::Supervisor, vec!["*"]),
    ]);
    let (mut world, cases) = cases(&table);
    let (erased, others) = (cases[2], [cases[0], cases[1], cases[3]]);
    let said = said(&world, erased);
    world.erase(erased, DocumentDigest([5; 32]));
    world.certify();
    let packs = |world: &World| -> Vec<Vec<u8>> {
        let audiences = [Audience::Public, Audience::Auditor, Audience::Supervisor].map(for_audience);
        let options = audiences.into_iter().chain([for_all()]);
        options.flat_map(|options| others.map(|case| world.pack_with(case, &options))).collect()
    };
    let before = packs(&world);
    erase(&mut world, erased);
    assert!(packs(&world) == before, "the pack of another case has changed");
    let trust = world.trust();
    for audience in [Audience::Public, Audience::Auditor, Audience::Supervisor] {
        let pack = world.pack_with(erased, &for_audience(audience));
        let report = verify(&pack, Some(&trust));
        assert_eq!(told(&report), "cannot_tell: erased", "{audience}");
        let phase = report.facts.as_ref().unwrap().outcome.as_ref().unwrap().phase.clone();
        assert_eq!(phase, "refused");
        let all = bytes_of(&pack);
        for (place, traces) in said.iter().filter(|(place, _)| !ANYWAY.contains(&place.as_str())) {
            // `true` and numbers of one digit would be found in any file.
            let mut traces = traces.iter().filter(|trace| trace.len() >= 6);
            assert!(traces.all(|trace| !holds(&all, trace)), "`{place}` is erased, and in the pack");
        }
        assert!(!Pack::from_slice(&pack).unwrap().excerpt.iter().any(|group| {
            matches!(&group.command, PackedCommand::Submit(word) if evidence(word) != Vec::new())
        }));
    }
    for pack in before.iter().rev().take(others.len()) {
        assert_eq!(told(&verify(pack, Some(&trust))), "verified");
    }
}
