use super::*;
use lockstep_types::Time;
use proptest::prelude::*;
use std::error::Error as _;

const HEADER: &str = "<GrpHdr><MsgId>M</MsgId></GrpHdr>";
const ACCOUNT: &str = "<Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>USD</Ccy>\
    <Svcr><FinInstnId><BICFI>HARBUS30</BICFI></FinInstnId></Svcr></Acct>";
const CLOSING: &str = "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy=\"USD\">5.00</Amt>\
    <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>";
const ENTRY: &str = "<Ntry><Amt Ccy=\"USD\">1.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts></Ntry>";

fn document(content: &str) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>{content}\
         </BkToCstmrStmt></Document>"
    )
}

fn statement(content: &str) -> String {
    document(&format!("{HEADER}<Stmt><Id>S</Id>{ACCOUNT}{content}</Stmt>"))
}

/// Everything a file holds, kept.
#[derive(Default)]
struct All {
    header: Option<Header>,
    statements: Vec<Statement>,
    balances: Vec<Balance>,
    entries: Vec<Entry>,
}

impl Visitor for All {
    fn header(&mut self, header: &Header) {
        self.header = Some(header.clone());
    }
    fn statement(&mut self, statement: &Statement) {
        self.statements.push(statement.clone());
    }
    fn balance(&mut self, _: &Statement, balance: &Balance) {
        self.balances.push(balance.clone());
    }
    fn entry(&mut self, _: &Statement, entry: &Entry) {
        self.entries.push(entry.clone());
    }
}

fn read(file: &[u8]) -> Result<All, MessageError> {
    let mut all = All::default();
    visit(file, &Limits::default(), &mut all).map(|()| all)
}

/// The error and its sources in one line.
fn refusal(file: impl AsRef<[u8]>) -> String {
    let error = read(file.as_ref()).err().expect("the file is refused");
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

#[track_caller]
fn refused(file: impl AsRef<[u8]>, expected: &str) {
    let found = refusal(file);
    assert!(found.contains(expected), "expected `{expected}`, found `{found}`");
}

#[test]
fn every_version_from_2_to_13_is_read_and_no_other() {
    for version in 0..=99 {
        let file = statement(CLOSING).replace("001.08", &format!("001.{version:02}"));
        match read(file.as_bytes()) {
            Ok(all) => assert_eq!(usize::from(all.header.unwrap().version), version),
            Err(error) => {
                assert!(!(2..=13).contains(&version), "version {version}: {error}");
                assert!(matches!(error, MessageError::Root { .. }));
            }
        }
    }
    refused(statement("").replace("001.08", "001.8"), "the root is");
    refused(
        statement("").replace("camt.053", "camt.054"),
        "camt.054.001.08}Document`, expected `Document` in the",
    );
    refused("<Document/>", "the root is `{}Document`");
    refused("<html xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"/>", "}html`");
    refused("", "the root is `nothing`");
}

#[test]
fn the_forms_of_old_and_of_late_versions_say_the_same() {
    let old = "<Ntry><Amt Ccy='USD'>1</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls><TxDtls>\
               <RltdPties><Dbtr><Nm>A</Nm></Dbtr></RltdPties></TxDtls></NtryDtls></Ntry>";
    let late = old
        .replace("<Sts>BOOK</Sts>", "<Sts> <Cd>BOOK</Cd> </Sts>")
        .replace("<Nm>A</Nm>", "<Pty><Nm>A</Nm></Pty>");
    for entry in [old, late.as_str()] {
        let all = read(statement(entry).replace("BICFI", "BIC").as_bytes()).unwrap();
        assert_eq!(all.entries[0].status, Status::Booked);
        assert_eq!(all.entries[0].debtor.as_deref(), Some("A"));
        assert_eq!(all.statements[0].servicer.as_deref(), Some("HARBUS30"));
    }
    let proprietary = late.replace("<Cd>BOOK</Cd>", "<Prtry>BOOK</Prtry>");
    let all = read(statement(&proprietary).as_bytes()).unwrap();
    assert_eq!(
        all.entries[0].status,
        Status::Other("BOOK".to_owned()),
        "a bank's own status is never `BOOK`"
    );
    assert!(!all.entries[0].is_booked_credit());
}

#[test]
fn entities_and_document_types_are_refused_before_they_can_grow() {
    let bomb = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]>";
    refused(format!("{bomb}{}", statement("")), "line 1 (byte 21): a document type definition is refused");
    refused(format!("<!DOCTYPE a SYSTEM 'file:///etc/passwd'>{}", statement("")), "document type definition");
    refused(statement("<Ntry><NtryRef>&lol;</NtryRef></Ntry>"), "the entity `&lol;` is refused");
    refused(statement("<Other>&nbsp;</Other>"), "the entity `&nbsp;` is refused");
    refused(statement("<Ntry><Amt Ccy='&x;'>1</Amt></Ntry>"), "not well-formed XML");
    refused(statement("<Ntry><NtryRef>&#0;</NtryRef></Ntry>"), "not well-formed XML");
    refused(statement("<Ntry><NtryRef>a & b</NtryRef></Ntry>"), "not well-formed XML");
    refused(statement("<Ntry><NtryRef>&#1;</NtryRef></Ntry>"), "expected text without control characters");
    let all = read(
        statement(&ENTRY.replace("<Amt", "<NtryRef>&amp;&#65;<![CDATA[<&>]]></NtryRef><Amt")).as_bytes(),
    );
    assert_eq!(all.unwrap().entries[0].entry_ref.as_deref(), Some("&A<&>"));
}

#[test]
fn other_encodings_are_refused() {
    let utf16: Vec<u8> = statement("").encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused(&utf16, "the file is in `UTF-16 or UTF-32`, expected UTF-8");
    refused([&[0xff, 0xfe], &utf16[..]].concat(), "UTF-16");
    let latin = format!("<?xml version='1.0' encoding='ISO-8859-1'?>{}", statement(""));
    refused(&latin, "line 1 (byte 0): the file is in `ISO-8859-1`, expected UTF-8");
    refused(latin.replace("ISO-8859-1", "utf-8").replace("1.0", "1.1"), "`XML 1.1`");
    let mut bytes = statement("<Other>caf#</Other>").into_bytes();
    let at = bytes.iter().position(|b| *b == b'#').unwrap();
    bytes[at] = 0xe9;
    refused(bytes, "bytes that are not UTF-8");
    let declared = format!("<?xml version=\"1.0\" encoding=\"uTf-8\"?>\n{}", statement(CLOSING));
    assert!(read(declared.as_bytes()).is_ok());
    let marked = [&[0xef, 0xbb, 0xbf], declared.as_bytes()].concat();
    assert!(read(&marked).is_ok(), "a byte order mark of UTF-8 is passed over");
    refused([&[0xef, 0xbb, 0xbf], &marked[..]].concat(), "text outside the root element");
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let file = statement(&format!("{CLOSING}{ENTRY}<Other>caf\u{e9} &amp; x</Other>"));
    assert!(read(file.as_bytes()).is_ok());
    for end in 0..file.len() {
        let error = read(&file.as_bytes()[..end]).err();
        let error = error.unwrap_or_else(|| panic!("cut at {end} is read"));
        let early = matches!(error, MessageError::Truncated { .. });
        let nothing = end == 0 && matches!(error, MessageError::Root { .. });
        // Inside the root's own start tag no element is open yet.
        assert!(early || nothing, "cut at {end}: {error}");
    }
    refused(
        &file[..file.len() - "</Stmt></BkToCstmrStmt></Document>".len()],
        "ends too early, inside `Stmt`",
    );
}

#[test]
fn what_stands_outside_the_root_is_refused() {
    let file = statement(CLOSING);
    refused(format!("{file}{file}"), "a second element outside the root element");
    refused(format!("{file} x"), "text outside the root element");
    refused(format!("x{file}"), "text outside the root element");
    refused(format!(" <?xml version=\"1.0\"?>{file}"), "an XML declaration that is not the first thing");
    assert!(read(format!("<!-- a --> <?b?>{file}\n<!-- c -->").as_bytes()).is_ok());
}

#[test]
fn deep_nesting_and_long_texts_are_refused() {
    let limits = Limits::default();
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    refused(document(&deep), "elements are nested deeper than 64 levels");
    let text = "x".repeat(limits.event_bytes_max + 1);
    refused(document(&format!("<a>{text}</a>")), "one tag, text or comment is longer than 65536 bytes");
    refused(document(&format!("<!--{text}-->")), "longer than 65536 bytes");
    refused(document(&format!("<a b=\"{text}\"/>")), "longer than 65536 bytes");
    refused(document(&format!("<{text}/>")), "longer than 65536 bytes");
    refused(document(&format!("<![CDATA[{text}]]>")), "longer than 65536 bytes");
    let reference = "y".repeat(limits.text_bytes_max + 1);
    refused(statement(&format!("<Ntry><NtryRef>{reference}</NtryRef></Ntry>")), "expected a shorter text");
    let pieces = "y<!-- -->&amp;".repeat(limits.text_bytes_max);
    refused(statement(&format!("<Ntry><NtryRef>{pieces}</NtryRef></Ntry>")), "expected a shorter text");
    let attributes: String = (0..40).map(|n| format!(" a{n}='1'")).collect();
    refused(document(&format!("<a{attributes}/>")), "more than 32 of `attributes`");
    refused(document("<a b='1' b='2'/>"), "not well-formed XML");
    let names: String = (0..30).map(|n| format!(" xmlns:a{n}='u'")).collect();
    refused(document(&format!("<a{names}>").repeat(10)), "not well-formed XML");
}

#[test]
fn counts_and_the_whole_file_are_limited() {
    let one = format!("<Stmt><Id>S</Id>{ACCOUNT}{CLOSING}{CLOSING}</Stmt>");
    let file = document(&format!("{HEADER}{one}{one}"));
    let with = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        visit(file.as_bytes(), &limits, &mut All::default()).map_err(|e| e.to_string())
    };
    assert!(with(|l| l.statements_max = 2).is_ok());
    assert!(with(|l| l.statements_max = 1).unwrap_err().contains("more than 1 of `Stmt`"));
    assert!(with(|l| l.balances_max = 2).is_ok());
    assert!(with(|l| l.balances_max = 1).unwrap_err().contains("more than 1 of `Stmt/Bal`"));
    assert_eq!(with(|l| l.bytes_max = 100).unwrap_err(), "the file is longer than 100 bytes");
    let limits = Limits { bytes_max: u64::try_from(file.len()).unwrap(), ..Limits::default() };
    assert!(visit(file.as_bytes(), &limits, &mut All::default()).is_ok());
}

#[test]
fn what_is_read_stands_where_the_message_puts_it_once_and_in_its_form() {
    let entry = |change: (&str, &str)| statement(&ENTRY.replace(change.0, change.1));
    refused(entry(("<Sts>BOOK</Sts>", "")), "`Stmt/Ntry/Sts` is missing");
    refused(entry(("<CdtDbtInd>CRDT</CdtDbtInd>", "")), "`Stmt/Ntry/CdtDbtInd` is missing");
    refused(entry((" Ccy=\"USD\"", "")), "`Stmt/Ntry/Amt/@Ccy` is missing");
    refused(entry((">1.00<", "><")), "`Stmt/Ntry/Amt` is missing");
    refused(entry(("CRDT", "CREDIT")), "`Stmt/Ntry/CdtDbtInd` is `CREDIT`, expected `CRDT` or `DBIT`");
    refused(entry(("<Sts>", "<RvslInd>yes</RvslInd><Sts>")), "`Stmt/Ntry/RvslInd` is `yes`, expected `true`");
    refused(entry(("<Sts>", "<Amt Ccy=\"USD\">2.00</Amt><Sts>")), "`Stmt/Ntry/Amt/@Ccy` stands twice");
    refused(entry(("<Sts>BOOK</Sts>", "<Sts>PDNG</Sts><Sts>BOOK</Sts>")), "`Stmt/Ntry/Sts` stands twice");
    refused(entry(("<Sts>BOOK", "<Sts>BOOK<Cd>BOOK</Cd>")), "`Stmt/Ntry/Sts` is `BOOK`, expected text alone");
    refused(entry(("1.00", "1<b/>.00")), "`Stmt/Ntry/Amt` is `1`, expected text alone");
    refused(entry(("<Sts>", "<BookgDt><Dt>20.11.2026</Dt></BookgDt><Sts>")), "expected a day of the form");
    refused(
        entry(("<Sts>", "<BookgDt><DtTm>2026-11-20</DtTm></BookgDt><Sts>")),
        "expected a time of the form",
    );
    let both = "<BookgDt><Dt>2026-11-20</Dt><DtTm>2026-11-20T00:00:00</DtTm></BookgDt><Sts>";
    refused(entry(("<Sts>", both)), "`Stmt/Ntry/BookgDt/DtTm` stands twice");
    refused(statement(&format!("{ENTRY}<Id>T</Id>")), "`Stmt/Id` comes after what depends on it");
    refused(statement(&format!("{CLOSING}{ACCOUNT}")), "`Stmt/Acct/Id/Othr/Id` comes after");
    refused(statement(ACCOUNT), "stands twice");
    refused(statement("").replace("<Othr><Id>1</Id></Othr>", ""), "`Stmt/Acct/Id/IBAN` is missing");
    refused(statement("").replace("<Id>S</Id>", ""), "`Stmt/Id` is missing");
    refused(statement("").replace("HARBUS30", "harbus30"), "expected a BIC");
    refused(statement("").replace("HARBUS30", "HARBUS3"), "expected a BIC");
    refused(document(""), "`GrpHdr` is missing");
    refused(document(HEADER), "`Stmt` is missing");
    refused(document("<Stmt/>"), "`GrpHdr` is missing");
    refused(document(&format!("{HEADER}{HEADER}")), "`GrpHdr` stands twice");
    refused(
        document("<GrpHdr><MsgId>M</MsgId><MsgPgntn><PgNb>0</PgNb></MsgPgntn></GrpHdr>"),
        "a page number",
    );
    refused(
        document("<GrpHdr><MsgId>M</MsgId><MsgPgntn><PgNb>1</PgNb></MsgPgntn></GrpHdr>"),
        "LastPgInd` is missing",
    );
    refused(statement(&CLOSING.replace("<Dt><Dt>2026-11-20</Dt></Dt>", "")), "`Stmt/Bal/Dt/Dt` is missing");
    refused(statement(&CLOSING.replace("2026-11-20", "2026-02-30")), "`Stmt/Bal/Dt/Dt` is `2026-02-30`");
    refused(statement("<a></b>"), "not well-formed XML");
    refused(statement("<x:a/>"), "not well-formed XML");
}

#[test]
fn the_place_in_an_error_is_the_line_and_byte_of_the_event() {
    let file =
        format!("<?xml version=\"1.0\"?>\n\n{}", statement(&format!("\n\n{}", ENTRY.replace("CRDT", "X"))));
    let at = file.find("</CdtDbtInd>").unwrap();
    refused(&file, &format!("line 5 (byte {at}): `Stmt/Ntry/CdtDbtInd` is `X`"));
}

#[test]
fn only_elements_of_the_messages_own_namespace_and_place_are_read() {
    let foreign = ENTRY.replace("<Ntry>", "<Ntry xmlns=\"urn:other\">");
    let nested = format!("<Other>{ENTRY}</Other>");
    let all = read(statement(&format!("{foreign}{nested}")).as_bytes()).unwrap();
    assert!(all.entries.is_empty());
    let prefixed = statement(&format!("{CLOSING}{ENTRY}"))
        .replace("</", "\u{1}")
        .replace('<', "<p:")
        .replace('\u{1}', "</p:")
        .replace("xmlns=", "xmlns:p=");
    let all = read(prefixed.as_bytes()).unwrap();
    assert_eq!((all.balances.len(), all.entries.len()), (1, 1));
    let related = "<RltdAcct><Id><IBAN>DE00123</IBAN></Id></RltdAcct>";
    let all = read(statement(&format!("{related}{ENTRY}")).as_bytes()).unwrap();
    assert_eq!(all.statements[0].account, Account::Other("1".to_owned()));
}

#[test]
fn accounts_and_servicers_have_one_text() {
    let iban = |text: &str| {
        let file = statement("").replace("<Othr><Id>1</Id></Othr>", &format!("<IBAN>{text}</IBAN>"));
        read(file.as_bytes()).map(|all| all.statements[0].account.clone())
    };
    let account = iban(" nl77abna0574908765 ").unwrap();
    assert_eq!(account.as_str(), "NL77ABNA0574908765");
    assert!(account.is_named("NL77 ABNA 0574 9087 65") && account.is_named("nl77abna0574908765"));
    assert!(!account.is_named("NL77ABNA057490876"));
    for bad in ["NL", "NL77", "N177ABNA", "NLX7ABNA", "NL77 ABNA", &format!("NL77{}", "A".repeat(31))] {
        assert!(matches!(iban(bad), Err(MessageError::Value { .. })), "{bad}");
    }
    for (bic, expected) in
        [("HARBUS30XXX", "HARBUS30"), ("HARBUS30NYC", "HARBUS30NYC"), ("HARBUXXX", "HARBUXXX")]
    {
        let all = read(statement("").replace("HARBUS30", bic).as_bytes()).unwrap();
        assert_eq!(all.statements[0].servicer.as_deref(), Some(expected));
    }
}

#[test]
fn a_credit_line_counts_in_as_soon_as_one_does() {
    for (lines, expected) in [
        ("", false),
        ("<CdtLine><Incl>false</Incl></CdtLine>", false),
        ("<CdtLine><Incl>true</Incl></CdtLine><CdtLine><Incl>false</Incl></CdtLine>", true),
        ("<CdtLine><Incl>0</Incl></CdtLine><CdtLine><Incl>1</Incl></CdtLine>", true),
    ] {
        let all = read(statement(&CLOSING.replace("<Amt", &format!("{lines}<Amt"))).as_bytes()).unwrap();
        assert_eq!(all.balances[0].credit_line, expected, "{lines}");
    }
    refused(statement(&CLOSING.replace("<Amt", "<CdtLine><Incl>no</Incl></CdtLine><Amt")), "expected `true`");
}

#[test]
fn a_debtor_is_named_only_when_every_transaction_names_it() {
    let transaction =
        |name: &str| format!("<TxDtls><RltdPties><Dbtr><Nm>{name}</Nm></Dbtr></RltdPties></TxDtls>");
    let debtor = |details: &str| {
        let entry = ENTRY.replace("</Ntry>", &format!("<NtryDtls>{details}</NtryDtls></Ntry>"));
        let all = read(statement(&entry).as_bytes()).unwrap();
        (all.entries[0].transactions, all.entries[0].debtor.clone())
    };
    assert_eq!(debtor(""), (0, None));
    assert_eq!(debtor(&transaction("A").repeat(3)), (3, Some("A".to_owned())));
    assert_eq!(debtor(&format!("{}{}", transaction("A"), transaction("B"))), (2, None));
    assert_eq!(debtor(&format!("{}<TxDtls/>", transaction("A"))), (2, None));
    assert_eq!(debtor(&format!("<TxDtls/>{}", transaction("A"))), (2, None));
    assert_eq!(debtor(&format!("{0}{1}{0}", transaction("A"), transaction("B"))), (3, None));
}

#[test]
fn amounts_are_exact_or_refused() {
    let money = |text: &str, currency: &str| {
        let amount = BankAmount { currency: currency.to_owned(), text: text.to_owned() };
        amount.money().map(|m| m.to_string()).map_err(|e| e.to_string())
    };
    let good = [
        ("1000000.00", "USD", "1000000.00 USD"),
        ("01.00", "EUR", "1.00 EUR"),
        ("000", "EUR", "0.00 EUR"),
        ("7", "EUR", "7.00 EUR"),
        ("7.5", "EUR", "7.50 EUR"),
        ("7", "JPY", "7 JPY"),
        ("1.5", "BHD", "1.500 BHD"),
        ("90071992547409.91", "USD", "90071992547409.91 USD"),
    ];
    for (text, currency, expected) in good {
        assert_eq!(money(text, currency).unwrap(), expected);
    }
    let bad = [
        ("1.001", "USD", "`1.001` has 3 decimals, USD has 2"),
        ("1.000", "USD", "`1.000` has 3 decimals, USD has 2"),
        ("100.00", "JPY", "`100.00` has 2 decimals, JPY has 0"),
        ("-1.00", "USD", "`-1.00` is not an amount"),
        ("+1.00", "USD", "is not an amount"),
        ("1,00", "USD", "is not an amount"),
        ("1e3", "USD", "is not an amount"),
        (".5", "USD", "is not an amount"),
        ("1.", "USD", "is not an amount"),
        ("", "USD", "is not an amount"),
        ("1 000", "USD", "is not an amount"),
        ("\u{661}", "USD", "is not an amount"),
        ("90071992547409.92", "USD", "beyond 9007199254740991 minor units"),
        ("99999999999999999999999999", "USD", "beyond 9007199254740991 minor units"),
        ("1.00", "XAU", "`XAU` is not an ISO 4217 currency with a minor unit"),
        ("1.00", "usd", "`usd` is not an ISO 4217 currency"),
    ];
    for (text, currency, expected) in bad {
        let found = money(text, currency).unwrap_err();
        assert!(found.contains(expected), "{text} {currency}: {found}");
    }
}

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

#[test]
fn a_bare_day_starts_where_days_start_first_unless_the_offset_is_known() {
    let day = BankDate::from_day("2026-11-20").unwrap();
    assert_eq!(day.as_of(None).unwrap(), time("2026-11-19T10:00:00.000Z"));
    assert_eq!(day.booked_at(None).unwrap(), time("2026-11-19T10:00:00.000Z"));
    let new_york: UtcOffset = "-05:00".parse().unwrap();
    assert_eq!(day.as_of(Some(new_york)).unwrap(), time("2026-11-20T05:00:00.000Z"));
    assert_eq!(day.booked_at(Some(new_york)).unwrap(), time("2026-11-20T05:00:00.000Z"));
    let zoned = BankDate::from_day("2026-11-20-05:00").unwrap();
    assert_eq!(zoned.as_of(None).unwrap(), day.as_of(None).unwrap(), "the zone of a day is ignored");
}

#[test]
fn a_time_is_exact_for_a_balance_and_rounded_down_to_its_day_for_a_booking() {
    let zoned = BankDate::from_time("2026-11-20T23:30:00.1239-05:00").unwrap();
    assert_eq!(zoned.as_of(None).unwrap(), time("2026-11-21T04:30:00.123Z"));
    assert_eq!(zoned.booked_at(Some("-05:00".parse().unwrap())).unwrap(), time("2026-11-20T05:00:00.000Z"));
    // 04:30 UTC on the 21st is still the 20th at UTC-12, and the 20th starts at 10:00 UTC on the 19th.
    assert_eq!(zoned.booked_at(None).unwrap(), time("2026-11-19T10:00:00.000Z"));
    // 03:00 UTC on the 21st is the 20th in New York: without an offset it must not count as the 21st.
    let utc = BankDate::from_time("2026-11-21T03:00:00Z").unwrap();
    assert_eq!(utc.booked_at(None).unwrap(), time("2026-11-19T10:00:00.000Z"));
    let wall = BankDate::from_time("2026-11-20T23:30:00").unwrap();
    assert_eq!(wall.as_of(None).unwrap(), time("2026-11-20T09:30:00.000Z"));
    assert_eq!(wall.booked_at(None).unwrap(), time("2026-11-19T10:00:00.000Z"));
}

#[test]
fn dates_of_another_form_are_refused() {
    for bad in [
        "",
        "2026-11-2",
        "2026-13-01",
        "2026-02-29",
        "20261120",
        "2026-11-20T",
        "2026-11-20+15:00",
        "+026-11-20",
    ] {
        assert_eq!(BankDate::from_day(bad), None, "{bad}");
    }
    for bad in [
        "2026-11-20",
        "2026-11-20T24:00:00",
        "2026-11-20T10:00",
        "2026-11-20 10:00:00",
        "2026-11-20T10:00:60",
        "2026-11-20T10:00:00.",
        "2026-11-20T10:00:00+14:01",
        "2026-11-20T10:00:00+1",
        "2026-11-20T10:00:00Zulu",
        "2026-11-20T1\u{e9}:00:00",
    ] {
        assert_eq!(BankDate::from_time(bad), None, "{bad}");
    }
    for bad in ["", "+", "1", "+1:00", "-12:01", "+14:01", "+05:60", "z", "\u{e9}"] {
        assert!(bad.parse::<UtcOffset>().is_err(), "{bad}");
    }
    assert!(BankDate::from_day("1969-12-31").unwrap().as_of(None).is_err());
    assert!(BankDate::from_day("1970-01-01").unwrap().as_of(None).is_err());
    assert!(BankDate::from_day("1970-01-02").unwrap().as_of(None).is_ok());
    assert!(BankDate::from_day("9999-12-29").unwrap().as_of(Some("-12:00".parse().unwrap())).is_ok());
}

/// A moment at a bank, and a way to write it.
fn written(bank_minutes: i64, utc_ms: i64, form: u8) -> BankDate {
    let wall_ms = utc_ms + bank_minutes * 60_000;
    let wall = jiff::Timestamp::from_millisecond(wall_ms).unwrap().to_string();
    let wall = wall.trim_end_matches('Z');
    let sign = if bank_minutes < 0 { '-' } else { '+' };
    let zone = format!("{sign}{:02}:{:02}", bank_minutes.abs() / 60, bank_minutes.abs() % 60);
    match form {
        0 => BankDate::from_day(&wall[..10]),
        1 => BankDate::from_time(wall),
        2 => BankDate::from_time(&format!("{wall}{zone}")),
        _ => BankDate::from_time(&jiff::Timestamp::from_millisecond(utc_ms).unwrap().to_string()),
    }
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    // INVARIANT: whatever the bank's zone and however both dates are written, a booking whose day at the bank
    // is not after the balance's day is never dated after the balance.
    #[test]
    fn a_credit_of_the_balances_day_never_counts_on_top_of_the_balance(
        bank_minutes in -720i64..=840,
        balance_ms in 1_700_000_000_000i64..1_800_000_000_000,
        days_back in 0i64..3,
        clock_ms in 0i64..86_400_000,
        forms in (0u8..4, 0u8..4),
        known in any::<bool>(),
    ) {
        let balance_wall_ms = balance_ms + bank_minutes * 60_000;
        let balance_day = balance_wall_ms.div_euclid(86_400_000);
        let booking_ms = (balance_day - days_back) * 86_400_000 + clock_ms - bank_minutes * 60_000;
        let offset = known.then(|| {
            let sign = if bank_minutes < 0 { '-' } else { '+' };
            format!("{sign}{:02}:{:02}", bank_minutes.abs() / 60, bank_minutes.abs() % 60).parse().unwrap()
        });
        let as_of = written(bank_minutes, balance_ms, forms.0).as_of(offset).unwrap();
        let booked_at = written(bank_minutes, booking_ms, forms.1).booked_at(offset).unwrap();
        prop_assert!(booked_at <= as_of, "booked {booked_at}, balance {as_of}");
        prop_assert!(i64::try_from(booked_at.ms()).unwrap() <= booking_ms);
        prop_assert!(i64::try_from(as_of.ms()).unwrap() <= balance_ms);
    }
}

#[test]
fn a_booking_of_a_later_day_does_count_on_top_when_the_offset_is_known() {
    let offset = Some("+01:00".parse().unwrap());
    let balance = BankDate::from_day("2026-11-20").unwrap().as_of(offset).unwrap();
    let booking = BankDate::from_time("2026-11-21T00:00:01+01:00").unwrap().booked_at(offset).unwrap();
    assert!(booking > balance, "else the rounding would be right only because nothing ever counts");
}

#[test]
fn an_error_of_the_source_is_told_apart_from_an_error_in_the_file() {
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let start = statement("").into_bytes();
    let input = std::io::BufReader::new(std::io::Read::chain(&start[..start.len() / 2], Broken));
    let error = visit(input, &Limits::default(), &mut All::default()).unwrap_err();
    assert!(matches!(&error, MessageError::Io(source) if source.to_string() == "the disk is gone"));
    assert_eq!(error.source().unwrap().to_string(), "the disk is gone");
}
