//! What a Gate has to be given so that the outcomes of a programme's policies pass it: lines and calls as the
//! policies say, caps and windows as `gate.toml` does (`docs/how-to/put-your-token-behind-a-gate.md`).

mod setup;

use crate::Policy;
use crate::model::{Call, Domain, Layout, Outcome, Target};
use lockstep_types::{Address, Name, PolicyDigest};
pub use setup::{Counted, GateSetup, LineSetup};

/// Most policies that one Gate is set up for at once.
pub const POLICIES_MAX: usize = 64;

/// What policies want of the Gate on one of their domains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Their programme.
    pub programme: Name,
    /// The domain, as all of them name it.
    pub domain: Domain,
    /// The lines that their outcomes use, in the order in which they are first named.
    pub lines: Vec<WantedLine>,
}

/// A line that outcomes use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLine {
    /// Its name.
    pub name: Name,
    /// The policies whose outcomes use it.
    pub policies: Vec<PolicyDigest>,
    /// Calls of the token. None: the line only moves deposits, which know no cap.
    pub calls: Vec<Call>,
}

/// Why policies cannot share a Gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WantedError {
    /// None, or more than are looked at.
    #[error("{found} policies: expected 1 to {POLICIES_MAX}")]
    Policies {
        /// How many.
        found: usize,
    },
    /// A Gate belongs to one programme.
    #[error("policy `{policy}` is of programme `{found}`, expected `{expected}`")]
    Programme {
        /// The policy.
        policy: Name,
        /// The programme of the first policy.
        expected: Name,
        /// Its own.
        found: Name,
    },
    /// A policy without the domain.
    #[error("policy `{policy}` has no domain `{domain}`: it has {known}")]
    Domain {
        /// The policy.
        policy: Name,
        /// The domain.
        domain: String,
        /// The domains that it has.
        known: String,
    },
    /// Two policies mean different contracts by one name.
    #[error("policy `{policy}` has {what} `{found}` on domain `{domain}`, expected `{expected}`")]
    Contract {
        /// The policy.
        policy: Name,
        /// The domain.
        domain: Name,
        /// Which field of the domain.
        what: &'static str,
        /// What the policies before say.
        expected: String,
        /// What it says.
        found: String,
    },
    /// Nothing would ever pass.
    #[error("no outcome of these policies is on domain `{domain}`")]
    NoOutcome {
        /// The domain.
        domain: Name,
    },
    /// A Gate keeps one line for a call.
    #[error("`{call}` belongs to line `{expected}` in one policy and to `{found}` in `{policy}`")]
    TwoLines {
        /// The policy.
        policy: Name,
        /// The call's signature.
        call: String,
        /// The line of the policies before.
        expected: Name,
        /// Its own.
        found: Name,
    },
}

impl Wanted {
    /// Puts together what these policies want on a domain.
    ///
    /// # Errors
    /// [`WantedError`], in the order of its variants, policy by policy.
    pub fn of(policies: &[&Policy], domain: &str) -> Result<Self, WantedError> {
        let (Some(first), 1..=POLICIES_MAX) = (policies.first(), policies.len()) else {
            return Err(WantedError::Policies { found: policies.len() });
        };
        let mut wanted = Self {
            programme: first.layout().programme.clone(),
            domain: domain_of(first.layout(), domain)?,
            lines: Vec::new(),
        };
        for policy in policies {
            wanted.agree(policy.layout())?;
            for outcome in &policy.layout().outcomes {
                if outcome.domain == wanted.domain.name {
                    wanted.add(policy, outcome)?;
                }
            }
        }
        match wanted.lines.is_empty() {
            true => Err(WantedError::NoOutcome { domain: wanted.domain.name }),
            false => Ok(wanted),
        }
    }

    /// A policy means the same programme and contracts as those before it.
    fn agree(&mut self, layout: &Layout) -> Result<(), WantedError> {
        if layout.programme != self.programme {
            let (expected, found) = (self.programme.clone(), layout.programme.clone());
            return Err(WantedError::Programme { policy: layout.name.clone(), expected, found });
        }
        let own = domain_of(layout, self.domain.name.as_str())?;
        let shown = |address: &Option<Address>| address.map(|escrow| escrow.to_string()).unwrap_or_default();
        // A policy that moves no deposits need not name the Escrow.
        self.domain.escrow = self.domain.escrow.or(own.escrow);
        let fields = [
            ("chain", self.domain.chain.to_string(), own.chain.to_string()),
            ("gate", self.domain.gate.to_string(), own.gate.to_string()),
            ("token", self.domain.token.to_string(), own.token.to_string()),
            ("escrow", shown(&self.domain.escrow), shown(&own.escrow.or(self.domain.escrow))),
            ("decimals", self.domain.decimals.to_string(), own.decimals.to_string()),
        ];
        match fields.into_iter().find(|(_, expected, found)| expected != found) {
            None => Ok(()),
            Some((what, expected, found)) => {
                let (policy, domain) = (layout.name.clone(), own.name);
                Err(WantedError::Contract { policy, domain, what, expected, found })
            }
        }
    }

    fn add(&mut self, policy: &Policy, outcome: &Outcome) -> Result<(), WantedError> {
        let call = Some(&outcome.call).filter(|call| call.target == Target::Token);
        let has =
            |line: &&WantedLine| line.calls.iter().any(|c| Some(&c.signature) == call.map(|c| &c.signature));
        if let Some(other) = self.lines.iter().find(has).filter(|other| other.name != outcome.line) {
            return Err(WantedError::TwoLines {
                policy: policy.layout().name.clone(),
                call: outcome.call.signature.clone(),
                expected: other.name.clone(),
                found: outcome.line.clone(),
            });
        }
        let at = self.lines.iter().position(|line| line.name == outcome.line);
        let mut line = match at {
            Some(at) => self.lines.remove(at),
            None => WantedLine { name: outcome.line.clone(), policies: Vec::new(), calls: Vec::new() },
        };
        if !line.policies.contains(&policy.digest()) {
            line.policies.push(policy.digest());
        }
        line.calls.extend(call.filter(|call| !line.calls.contains(call)).cloned());
        self.lines.insert(at.unwrap_or(self.lines.len()), line);
        Ok(())
    }
}

impl WantedLine {
    /// Signatures of the calls, each once.
    #[must_use]
    pub fn signatures(&self) -> Vec<&str> {
        let mut signatures: Vec<&str> = self.calls.iter().map(|call| call.signature.as_str()).collect();
        signatures.sort_unstable();
        signatures.dedup();
        signatures
    }
}

fn domain_of(layout: &Layout, domain: &str) -> Result<Domain, WantedError> {
    let found = layout.domains.iter().find(|found| found.name.as_str() == domain);
    found.cloned().ok_or_else(|| {
        let names: Vec<String> = layout.domains.iter().map(|domain| format!("`{}`", domain.name)).collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        WantedError::Domain { policy: layout.name.clone(), domain: domain.to_owned(), known }
    })
}

#[cfg(test)]
mod tests;
