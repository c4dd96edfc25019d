//! What the demonstration tells: line by line for a person, or as one object for a program. Everything that
//! the board page shows comes from here and from the verifier's report.

use crate::out;
use anyhow::Result;
use lockstep_types::{LeafHash, Time};
use serde::Serialize;

/// One thing that somebody did, and that counts.
#[derive(Debug, Clone, Serialize)]
pub struct Deed {
    /// Ledger time.
    pub at: Time,
    /// Its records, by number.
    pub index: u64,
    /// Name of its first record in the log.
    pub leaf: LeafHash,
    /// What it stated.
    pub said: Vec<(String, String)>,
    /// The step.
    pub step: String,
    /// With which keys.
    pub suites: String,
    /// Who.
    pub who: String,
}

/// One thing that had to fail.
#[derive(Debug, Clone, Serialize)]
pub struct Failing {
    /// True when it failed with the expected code.
    pub as_expected: bool,
    /// The code that had to be found.
    pub expected: String,
    /// The code that was found.
    pub found: String,
    /// The text of the error, as the code under test worded it.
    pub reason: String,
    /// The receipt that the party holds, checked against the appender's key; or why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// What was tried.
    pub title: String,
    /// By whom, and how.
    pub tried: String,
}

/// Prints as it goes, and keeps what the page and the object need.
#[derive(Default)]
pub struct Story {
    json: bool,
    /// Everything that counted.
    pub deeds: Vec<Deed>,
    /// Everything that had to fail.
    pub failings: Vec<Failing>,
    /// What a reader has to know about this run.
    pub remarks: Vec<String>,
    parts: u32,
}

impl Story {
    /// Nothing told yet.
    pub fn new(json: bool) -> Self {
        Self { json, ..Self::default() }
    }

    /// A line.
    pub fn line(&self, text: impl AsRef<str>) {
        if !self.json {
            // A reader that went away does not stop what is being shown to be true.
            let _ = out::write(format!("{}\n", text.as_ref()).as_bytes());
        }
    }

    /// A new part of the story.
    pub fn part(&mut self, title: &str) {
        self.parts += 1;
        self.line(format!("\n{}. {title}\n", self.parts));
    }

    /// Something that a reader must not miss, here and on the page.
    pub fn remark(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.line(format!("   NOTE: {text}"));
        self.remarks.push(text);
    }

    /// Somebody did something.
    pub fn deed(&mut self, deed: Deed) {
        let Deed { at, index, leaf, said, step, suites, who } = &deed;
        self.line(format!("   {} {who}: {step}", clock(at)));
        for (name, value) in said {
            self.line(format!("            {name:<14} {value}"));
        }
        let leaf: String = leaf.to_string().chars().take(16).collect();
        self.line(format!("            record {index}, leaf {leaf}…, signed with {suites}"));
        self.deeds.push(deed);
    }

    /// Something failed, as it should or not.
    pub fn failing(&mut self, failing: Failing) {
        let mark = if failing.as_expected { "refused" } else { "NOT AS EXPECTED" };
        self.line(format!("   ✗ {} — {mark}", failing.title));
        self.line(format!("       tried     {}", failing.tried));
        self.line(format!("       expected  {}, found {}", failing.expected, failing.found));
        self.line(format!("       reason    {}", failing.reason));
        if let Some(receipt) = &failing.receipt {
            self.line(format!("       receipt   {receipt}"));
        }
        self.failings.push(failing);
    }

    /// How many did not fail as they should.
    pub fn surprises(&self) -> usize {
        self.failings.iter().filter(|failing| !failing.as_expected).count()
    }

    /// The exit code: 1 when something did not fail as it should.
    pub fn end(&self) -> Result<u8> {
        Ok(u8::from(self.surprises() > 0))
    }
}

/// The time of day, to the millisecond.
pub fn clock(time: &Time) -> String {
    time.to_string().chars().skip(11).take(12).collect()
}
