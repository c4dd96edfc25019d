//! Figures of a connector, for Prometheus: counts by partner, no names of persons, no amounts.

use lockstep_types::{Name, Time};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is counted, with its help.
const COUNTED: [(&str, &str); 6] = [
    ("lockstep_connect_messages_total", "Messages kept since the start."),
    ("lockstep_connect_drafts_total", "Drafts made since the start."),
    (
        "lockstep_connect_contradicted_total",
        "Messages that say something else about an act of which there is a draft.",
    ),
    ("lockstep_connect_refused_total", "Messages that were not taken since the start."),
    ("lockstep_connect_failed_total", "Attempts to reach a partner that failed since the start."),
    ("lockstep_connect_sent_total", "Webhooks taken by a partner since the start."),
];
/// What is measured, with its help.
const MEASURED: [(&str, &str); 2] = [
    ("lockstep_connect_waiting", "Webhooks that wait for a partner."),
    ("lockstep_connect_stuck", "1 while the first of them is not sent any more until somebody has looked."),
];

/// Counts of one run.
#[derive(Default)]
pub struct Figures(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    values: BTreeMap<(&'static str, Name), u64>,
    heard: BTreeMap<Name, Time>,
}

impl Figures {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub fn add(&self, what: &'static str, partner: &Name) {
        let mut inner = self.inner();
        let value = inner.values.entry((what, partner.clone())).or_default();
        *value = value.saturating_add(1);
    }

    /// So much now.
    pub fn set(&self, what: &'static str, partner: &Name, value: u64) {
        self.inner().values.insert((what, partner.clone()), value);
    }

    /// Something came from a partner.
    pub fn hears(&self, partner: &Name, at: Time) {
        self.inner().heard.insert(partner.clone(), at);
    }

    /// All of them, as Prometheus reads them.
    pub fn text(&self, now: Time) -> String {
        let inner = self.inner();
        let mut text = String::new();
        let mut family = |what: &str, kind: &str, help: &str, rows: Vec<(&Name, u64)>| {
            let _ = writeln!(text, "# HELP {what} {help}\n# TYPE {what} {kind}");
            for (partner, value) in rows {
                let _ = writeln!(text, "{what}{{partner=\"{partner}\"}} {value}");
            }
        };
        let rows = |what: &str| {
            let of = inner.values.iter().filter(|((name, _), _)| *name == what);
            of.map(|((_, partner), value)| (partner, *value)).collect()
        };
        COUNTED.iter().for_each(|(what, help)| family(what, "counter", help, rows(what)));
        MEASURED.iter().for_each(|(what, help)| family(what, "gauge", help, rows(what)));
        let heard = inner.heard.iter().map(|(partner, at)| (partner, now.ms_since(*at) / 1_000)).collect();
        let help = "Since the last message that a partner's was kept, or the start.";
        family("lockstep_connect_heard_seconds", "gauge", help, heard);
        text
    }
}
