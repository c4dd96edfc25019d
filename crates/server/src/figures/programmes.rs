//! Money of programmes, as figures: sums only, no case and nobody's name. They are not for everybody who
//! reaches the port.

use super::family;
use crate::service::Hosted;
use lockstep_kernel::Kernel;
use lockstep_kernel::headroom::{Account, Asked};
use lockstep_types::{Name, Time};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What may be minted under one reading of one policy.
struct Headroom {
    policy: Name,
    reading: Name,
    /// In minor units; none while it is not known.
    minor: Option<i64>,
}

/// One programme.
pub(crate) struct Row {
    programme: Name,
    totals: (i64, i64, i64),
    /// Age of the newest balance that stands, in seconds.
    balance_age_s: Option<u64>,
    headrooms: Vec<Headroom>,
}

/// The programmes of a ledger that have money.
pub(crate) fn rows(kernel: &Kernel, now: Time) -> Vec<Row> {
    let row = |(name, programme): (&Name, &lockstep_kernel::state::Programme)| {
        let mut seen = BTreeSet::new();
        let mut headrooms = Vec::new();
        for (policy, (digest, _)) in &programme.policies {
            let layout = kernel.policy(digest).map(|adopted| adopted.policy.layout());
            for (layout, hold) in layout.into_iter().flat_map(|l| l.holds.iter().map(move |hold| (l, hold))) {
                let Some(reading) = layout.reading(hold.reading.as_str()) else { continue };
                if seen.insert((policy, &hold.reading)) {
                    let asked =
                        Asked { domains: &reading.domains, reading_age_ms_max: reading.max_age_ms, now };
                    let minor = programme.account.headroom(&asked).ok();
                    headrooms.push(Headroom { policy: policy.clone(), reading: hold.reading.clone(), minor });
                }
            }
        }
        let account: &Account = &programme.account;
        Row {
            programme: name.clone(),
            totals: account.totals(),
            balance_age_s: account.balance_date().map(|date| now.ms_since(date) / 1_000),
            headrooms,
        }
    };
    kernel.programmes().map(row).filter(|row| !row.headrooms.is_empty()).collect()
}

/// A figure of a programme: its name, what it tells, and its value where there is one.
type Total = (&'static str, &'static str, fn(&Row) -> Option<i128>);

/// The families of figures over the programmes of ledgers.
pub(crate) fn text(text: &mut String, all: &[(&Hosted, Vec<Row>)]) {
    let label = |hosted: &Hosted, row: &Row| {
        format!("ledger=\"{}\",name=\"{}\",programme=\"{}\"", hosted.ledger, hosted.name, row.programme)
    };
    let each = || all.iter().flat_map(|(hosted, rows)| rows.iter().map(move |row| (*hosted, row)));
    let totals: [Total; 4] = [
        ("lockstep_reserve_minor_units", "Newest attested balance of a programme.", |row| {
            Some(row.totals.0.into())
        }),
        ("lockstep_held_minor_units", "Reserved by cases, and not yet seen on a chain.", |row| {
            Some(row.totals.1.into())
        }),
        ("lockstep_supply_minor_units", "Newest attested supply, over all chains.", |row| {
            Some(row.totals.2.into())
        }),
        ("lockstep_balance_age_seconds", "Age of the date of the newest balance that stands.", |row| {
            row.balance_age_s.map(Into::into)
        }),
    ];
    for (name, help, figure) in totals {
        family(text, name, "gauge", help);
        for (hosted, row) in each() {
            let label = format!("{{{}}}", label(hosted, row));
            figure(row).into_iter().for_each(|figure| put(text, name, &label, figure));
        }
    }
    let headrooms = || {
        each().flat_map(|(hosted, row)| {
            row.headrooms.iter().map(move |headroom| {
                let (policy, reading) = (&headroom.policy, &headroom.reading);
                (format!("{{{},policy=\"{policy}\",reading=\"{reading}\"}}", label(hosted, row)), headroom)
            })
        })
    };
    let name = "lockstep_headroom_known";
    family(text, name, "gauge", "1 while balance and readings tell what may be minted; else nothing may.");
    for (label, headroom) in headrooms() {
        put(text, name, &label, headroom.minor.is_some().into());
    }
    let name = "lockstep_headroom_minor_units";
    family(text, name, "gauge", "What may be minted; below 0, what exists is not covered.");
    for (label, headroom) in headrooms() {
        headroom.minor.into_iter().for_each(|minor| put(text, name, &label, minor.into()));
    }
}

fn put(text: &mut String, name: &str, label: &str, figure: i128) {
    let _ = writeln!(text, "{name}{label} {figure}");
}
