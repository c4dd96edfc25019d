use super::*;

const MAPPING: &str = include_str!("../../samples/mapping.toml");
const NOTIFICATION: &str = include_str!("../../samples/notification.xml");
const STATEMENT: &str = include_str!("../../samples/statement.xml");
const TRANSFER: &str = include_str!("../../samples/transfer.xml");

const PAYOUT: &str = "HB2611210000004";

fn case() -> CaseId {
    CaseId([7; 32])
}

fn made(mapping: &str, (file, step, reference): (&str, &str, &str)) -> Result<Draft, String> {
    let told = |error: &dyn core::error::Error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            text = format!("{text}: {inner}");
            source = inner.source();
        }
        text
    };
    let mapping = Mapping::from_toml(mapping).map_err(|error| told(&error))?;
    let query = ItemQuery { reference: Some(reference), account: None };
    let step: Name = step.parse().unwrap();
    propose(file.as_bytes(), (&mapping, &query), (case(), &step), &Limits::default()).map_err(|e| told(&e))
}

#[track_caller]
fn refused(mapping: &str, of: (&str, &str, &str), expected: &str) {
    let found = made(mapping, of).unwrap_err();
    assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
}

#[track_caller]
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` stands there");
    text.replacen(from, to, 1)
}

#[test]
fn a_booked_debit_fills_the_payout() {
    let draft = made(MAPPING, (NOTIFICATION, "payout", PAYOUT)).unwrap();
    let claims: Vec<_> = draft.claims.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        claims,
        [
            ("account", "000123456789"),
            ("amount", "250000.00"),
            ("booked", "true"),
            ("booked_at", "2026-11-21T14:30:12.000Z"),
            ("creditor", "Northwind Example Fund LP"),
            ("entry_ref", "20261121-00004"),
            ("servicer", "HARBUS30"),
            ("servicer_ref", "HB2611210000004"),
        ]
    );
    assert_eq!(draft.evidence.as_ref().unwrap().as_str(), "bank-statement");
    assert_eq!(draft.origin.sha256, Digest(sha256(NOTIFICATION.as_bytes())));
    assert!(canonical::is_canonical(&draft));
    draft.check(NOTIFICATION.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(Draft::from_slice(&draft.to_vec().unwrap()).unwrap(), draft);
}

#[test]
fn a_credit_of_a_statement_is_the_payment_that_the_statement_shows() {
    let reference = "HB2611200000017";
    let draft = made(MAPPING, (STATEMENT, "payment", reference)).unwrap();
    let query = PaymentQuery { reference, ..PaymentQuery::default() };
    let payment = find_payment(STATEMENT.as_bytes(), &query, &Limits::default()).unwrap();
    assert_eq!(draft.claims["amount"], payment.money.decimal());
    assert_eq!(draft.claims["booked_at"], payment.booked_at.to_string());
    assert_eq!(draft.claims["debtor"], payment.debtor.unwrap());
    // Its reversal stands in the same file: as an entry it is booked, as a payment it is none.
    refused(MAPPING, (STATEMENT, "payment", "20261120-00021"), "has been reversed");
    refused(
        MAPPING,
        (STATEMENT, "payment", "HB2611200000020"),
        "`status` is `PDNG`, the mapping requires `BOOK`",
    );
    refused(
        MAPPING,
        (STATEMENT, "payment", "HB2611200000019"),
        "`side` is `debit`, the mapping requires `credit`",
    );
}

#[test]
fn a_message_that_does_not_say_what_is_required_makes_no_draft() {
    refused(
        MAPPING,
        (NOTIFICATION, "payout", "HB2611210000005"),
        "`status` is `PDNG`, the mapping requires `BOOK`",
    );
    refused(MAPPING, (NOTIFICATION, "payout", "NOPE"), "no item is called `NOPE`");
    refused(
        MAPPING,
        (STATEMENT, "payout", "HB2611200000019"),
        "a camt.053, the step is filled from a camt.054",
    );
    refused(
        MAPPING,
        (NOTIFICATION, "audit", PAYOUT),
        "the mapping has no step `audit`; its steps are `payment`, `payout`",
    );
    let back = changed(NOTIFICATION, "<RvslInd>false", "<RvslInd>true");
    refused(MAPPING, (&back, "payout", PAYOUT), "`reversal` is `true`, the mapping requires `false`");
    let asked = changed(MAPPING, "status = \"BOOK\"", "status = \"BOOK\"\nreversal = \"true\"");
    assert!(made(&asked, (&back, "payout", PAYOUT)).is_ok());
    refused(&asked, (NOTIFICATION, "payout", PAYOUT), "`reversal` is `false`, the mapping requires `true`");
    let silent = changed(NOTIFICATION, "<RvslInd>false</RvslInd>", "");
    assert!(made(MAPPING, (&silent, "payout", PAYOUT)).is_ok(), "no `RvslInd` is no reversal");
    let euros = changed(NOTIFICATION, "<Amt Ccy=\"USD\">250000", "<Amt Ccy=\"EUR\">250000");
    refused(MAPPING, (&euros, "payout", PAYOUT), "claim `amount`: the amount is in `EUR`, expected `USD`");
    let fine = changed(NOTIFICATION, "250000.00", "250000.001");
    refused(MAPPING, (&fine, "payout", PAYOUT), "claim `amount`: `250000.001` has 3 decimals");
    let nobody = changed(NOTIFICATION, "<Nm>Northwind Example Fund LP</Nm>", "");
    refused(MAPPING, (&nobody, "payout", PAYOUT), "the message gives no `creditor` for claim `creditor`");
    let bare = changed(NOTIFICATION, "<NtryRef>20261121-00004</NtryRef>", "");
    assert_eq!(made(MAPPING, (&bare, "payout", PAYOUT)).unwrap().claims["entry_ref"], "-");
}

#[test]
fn what_goes_out_is_dated_as_late_as_the_file_allows_and_what_comes_in_as_early() {
    let day = changed(NOTIFICATION, "<DtTm>2026-11-21T09:30:12.000-05:00</DtTm>", "<Dt>2026-11-21</Dt>");
    let late = made(MAPPING, (&day, "payout", PAYOUT)).unwrap();
    assert_eq!(late.claims["booked_at"], "2026-11-22T11:59:59.999Z");
    let known =
        changed(MAPPING, "message  = \"camt.054\"", "message = \"camt.054\"\nutc_offset = \"-05:00\"");
    assert_eq!(
        made(&known, (&day, "payout", PAYOUT)).unwrap().claims["booked_at"],
        "2026-11-22T04:59:59.999Z"
    );
    let wall = changed(&day, "<Dt>2026-11-21</Dt>", "<DtTm>2026-11-21T09:30:12</DtTm>");
    assert_eq!(
        made(&known, (&wall, "payout", PAYOUT)).unwrap().claims["booked_at"],
        "2026-11-21T14:30:12.000Z"
    );
    let credit = changed(&day, "DBIT", "CRDT");
    let takes = changed(MAPPING, "side   = \"debit\"", "side = \"credit\"");
    assert_eq!(
        made(&takes, (&credit, "payout", PAYOUT)).unwrap().claims["booked_at"],
        "2026-11-20T10:00:00.000Z"
    );
}

#[test]
fn statuses_and_transfers_fill_steps_too() {
    let mapping = "format = 'lockstep-mapping/1'\n[step.sent]\nmessage = 'pacs.008'\n[step.sent.claim]\n\
        to = 'creditor_account'\nlei = 'debtor_lei'\npaid = { field = 'amount', as = 'money:USD' }\n\
        on = { field = 'settles_on', as = 'time' }\n[step.settled]\nmessage = 'pacs.002'\n[step.settled.require]\n\
        status = 'ACSC'\n[step.settled.claim]\nuetr = 'uetr'\nat = { field = 'accepted_at', as = 'time' }\n\
        why = { field = 'reason', absent = 'none' }\n";
    let sent = made(mapping, (TRANSFER, "sent", "HARB-T-0000917")).unwrap();
    assert_eq!((sent.claims["lei"].as_str(), sent.evidence), ("5299000J2N45DDNE4Y28", None));
    assert_eq!(sent.claims["on"], "2026-11-22T11:59:59.999Z");
    let status = include_str!("../../samples/status.xml");
    let settled = made(mapping, (status, "settled", "HARB-T-0000917")).unwrap();
    assert_eq!(
        (settled.claims["at"].as_str(), settled.claims["why"].as_str()),
        ("2026-11-21T14:30:40.000Z", "none")
    );
    refused(
        mapping,
        (status, "settled", "HARB-T-0000918"),
        "`status` is `RJCT`, the mapping requires `ACSC`",
    );
}

#[test]
fn mappings_say_all_that_must_be_said_and_nothing_else() {
    let bad = |from: &str, to: &str, expected: &str| {
        refused(&changed(MAPPING, from, to), (NOTIFICATION, "payout", PAYOUT), expected);
    };
    bad("lockstep-mapping/1", "lockstep-mapping/2", "the mapping calls itself `lockstep-mapping/2`");
    bad("camt.054", "camt.055", "step `payout` maps `camt.055`, expected `camt.053`");
    bad("side   = \"debit\"\n", "", "step `payout` must `require` a `side`");
    bad("status = \"BOOK\"\n", "", "step `payout` must `require` a `status`");
    bad("creditor     = \"creditor\"", "creditor = \"beneficiary\"", "names the field `beneficiary`");
    bad("creditor     = \"creditor\"", "creditor = \"amount_currency\"", "names the field `amount_currency`");
    bad("creditor     = \"creditor\"", "creditor = 7", "a claim is a field's name, or a table");
    bad("{ value = \"true\" }", "{ value = \"true\", as = \"text\" }", "or `value` alone");
    bad("{ value = \"true\" }", "{}", "or `value` alone");
    bad("{ value = \"true\" }", "{ value = \"true\", field = \"status\" }", "or `value` alone");
    bad(
        "{ field = \"amount\", as = \"money:USD\" }",
        "\"amount\"",
        "expected `as = \"money:USD\"` for an amount",
    );
    bad("as = \"money:USD\"", "as = \"money:XXXX\"", "expected `as` to be");
    bad(
        "{ field = \"booked_on\", as = \"time\" }",
        "\"booked_on\"",
        "expected `as = \"time\"` for a day or a time",
    );
    bad("\"servicer\"", "{ field = \"servicer\", as = \"time\" }", "expected a day or a time for");
    bad("\"servicer\"", "{ field = \"servicer\", as = \"money:USD\" }", "expected an amount for");
    bad("evidence = ", "evidences = ", "the mapping is not of its form");
    bad(
        "message  = \"camt.054\"",
        "message = \"camt.054\"\nutc_offset = \"Berlin\"",
        "not an offset from UTC",
    );
    let long = format!("{MAPPING}#{}", "x".repeat(70_000));
    refused(&long, (NOTIFICATION, "payout", PAYOUT), "at most 65536 are accepted");
}

#[test]
fn a_changed_file_a_changed_claim_and_a_changed_mapping_are_noticed() {
    let draft = made(MAPPING, (NOTIFICATION, "payout", PAYOUT)).unwrap();
    let check = |draft: &Draft, file: &str| {
        draft.check(file.as_bytes(), &Limits::default()).map_err(|error| error.to_string())
    };
    let other = check(&draft, &changed(NOTIFICATION, "250000.00", "250000.01")).unwrap_err();
    assert!(other.contains("the origin has the digest"), "{other}");
    let with = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft.clone();
        change(&mut draft);
        check(&draft, NOTIFICATION).unwrap_err()
    };
    let more = with(&|draft| drop(draft.claims.insert("amount".to_owned(), "350000.00".to_owned())));
    assert!(more.contains("claim `amount` is not what it proposes"), "{more}");
    assert!(with(&|draft| drop(draft.claims.remove("creditor"))).contains("claim `creditor`"));
    let mapped = with(&|draft| draft.mapping = changed(MAPPING, "\"creditor\"\n", "\"debtor\"\n"));
    assert!(mapped.contains("claim `creditor`"), "{mapped}");
    assert!(with(&|draft| draft.origin.act.push('x')).contains("what it says of its origin"));
    assert!(with(&|draft| draft.evidence = None).contains("what it says of its origin"));
    assert!(with(&|draft| draft.origin.reference = None).contains("2 items"));
    let mut form = draft.to_vec().unwrap();
    form[1] = b' ';
    assert!(Draft::from_slice(&form).is_err());
    assert!(Draft::from_slice(b"{}").is_err());
}

#[test]
fn two_messages_about_one_entry_have_one_id_and_other_cases_others() {
    let one = made(MAPPING, (NOTIFICATION, "payout", PAYOUT)).unwrap();
    let again = changed(NOTIFICATION, "HARB-N-20261121-0007", "HARB-N-20261121-0008");
    let again = made(MAPPING, (&again, "payout", PAYOUT)).unwrap();
    assert_eq!(
        one.to_vec().unwrap(),
        made(MAPPING, (NOTIFICATION, "payout", PAYOUT)).unwrap().to_vec().unwrap()
    );
    assert_eq!(one.id(), again.id());
    assert_ne!(one.origin.sha256, again.origin.sha256);
    let elsewhere = Draft { case: CaseId([8; 32]), ..one.clone() };
    assert_ne!(one.id(), elsewhere.id());
    let entry = changed(NOTIFICATION, "20261121-00004", "20261121-00009");
    assert_ne!(made(MAPPING, (&entry, "payout", PAYOUT)).unwrap().id(), one.id());
}
