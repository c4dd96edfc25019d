//! The stable words of a report: rules, what is missing, what is relied on. A second implementation says the
//! same.

use lockstep_kernel::RefusalCode;
use lockstep_types::{CaseId, CredentialDigest, DocumentDigest, Name, Time};

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $name:ident = $code:literal;)*) => {
        /// A rule that a pack can break, in the order of the checks (specs/pack.md §4).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {$($(#[doc = $doc])* $name,)*}

        impl Rule {
            /// Every rule, in the order of the checks.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable name.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {$(Self::$name => $code,)*}
            }
        }
    };
}

rules! {
    /// The bytes are not canonical JSON of a pack, or exceed a limit.
    Form = "form";
    /// Records are not in the order of the log, from genesis on.
    Order = "order";
    /// Pack, certificate and trust file are not about one ledger.
    Ledger = "ledger";
    /// The committee is not the one that the history, or the trust file, names for its epoch.
    Committee = "committee";
    /// The certificate does not hold.
    Certificate = "certificate";
    /// The certificate shows another root than the trust file for one size.
    SplitView = "split_view";
    /// The proof that two heads are of one log does not hold.
    Consistency = "consistency";
    /// A handover from one committee to the next does not hold.
    Handover = "handover";
    /// A record is not in the certified log.
    Inclusion = "inclusion";
    /// An entry of the state map is not under the seal, or not the one that is needed.
    MapProof = "map_proof";
    /// An envelope or a signature does not hold.
    Signature = "signature";
    /// A head that a signer names as seen does not hold.
    Seen = "seen";
    /// A record does not follow the record before it in its case.
    Chain = "chain";
    /// No decision leads to the record.
    NoDecision = "no_decision";
    /// The command, decided again, is refused.
    Refused = "refused";
    /// The command, decided again, leaves another record.
    Differs = "differs";
    /// The command, decided again, leaves a record that the pack leaves out.
    LeftOut = "left_out";
    /// The records of the case use one act twice.
    SingleUse = "single_use";
    /// The re-run ends in another state than was sealed: records are missing.
    Incomplete = "incomplete";
    /// A document is not one that an attestation names.
    Evidence = "evidence";
    /// A certificate is shown as seen, and no statement names it.
    Unused = "unused";
}

/// The first rule that a pack breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub rule: Rule,
    /// At which record of the log, if at one.
    pub record: Option<u64>,
    /// What was expected and found. Not stable.
    pub text: String,
}

/// What is missing for a yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// No trust file was given.
    Trust,
    /// The ledger runs by rules that this verifier does not know.
    Rules {
        /// Their version.
        version: u32,
    },
    /// The certificate is older than the trust file's epoch, and no proof leads to the pinned head.
    Consistency {
        /// Size of the certified log.
        size: u64,
        /// Size that the trust file pins.
        pinned: u64,
    },
    /// No handover leads from one committee to the next.
    Handover {
        /// From this epoch.
        from: u64,
        /// To this one.
        to: u64,
    },
    /// The commands of these records are withheld: they rest on the certificate.
    Withheld {
        /// The records.
        records: Vec<u64>,
    },
    /// Claims of these records are not shown: as far as rules ask for them, they rest on the certificate.
    Claims {
        /// The records.
        records: Vec<u64>,
    },
    /// The commands of these records are erased: they rest on the certificate.
    Erased {
        /// The records.
        records: Vec<u64>,
        /// The order by which they were erased, if the pack shows it.
        order: Option<DocumentDigest>,
    },
}

/// What the answer rests on beyond what was re-run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reliance {
    /// The committee and the head in the trust file.
    Trust {
        /// Epoch of the committee.
        epoch: u64,
        /// Size of the head.
        size: u64,
    },
    /// The certified head was not compared with the pinned one.
    NotCompared {
        /// Size of the certified log.
        size: u64,
        /// Size pinned.
        pinned: u64,
    },
    /// Co-signers: that no `threshold` of them collude, for what the case alone cannot show.
    Certificate {
        /// Institutions that signed.
        signed: Vec<Name>,
        /// How many had to.
        threshold: u8,
        /// Of how many.
        members: usize,
    },
    /// Single-use acts were not used by another case before: by seal, under the certificate.
    SingleUse {
        /// The steps that claim one.
        records: Vec<u64>,
    },
    /// There was headroom for what the case reserves: by seal, under the certificate.
    Headroom {
        /// The steps that reserve.
        records: Vec<u64>,
    },
    /// Refusals for what other cases did: by seal, under the certificate.
    RefusedAcross {
        /// The attempts.
        records: Vec<u64>,
    },
    /// What a chain showed: by seal, under the certificate.
    Settled {
        /// The records.
        records: Vec<u64>,
    },
    /// Records whose decision was not re-run: under the certificate.
    OnCertificate {
        /// The records.
        records: Vec<u64>,
    },
    /// A case that is open can go on: nothing is said of what comes after.
    Open {
        /// The last record of the case.
        record: u64,
        /// Size of the certified log.
        size: u64,
    },
    /// Ledger time is the appender's word, within the bounds given.
    AppenderClock,
    /// That no key was stolen.
    Keys,
}

/// What a reader must not miss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// Steps were taken under a credential that was revoked later as suspect since before.
    Suspect {
        /// The steps.
        records: Vec<u64>,
    },
    /// The credential is revoked by now.
    Revoked {
        /// Which.
        credential: CredentialDigest,
        /// Ledger time.
        at: Time,
    },
    /// One co-signer certifies alone.
    SingleCosigner,
    /// The case was decided more than once, after an outcome had lapsed.
    DecidedAgain {
        /// The decisions.
        records: Vec<u64>,
    },
    /// Something is erased, and the order is not in the pack.
    NoOrder {
        /// The case.
        case: CaseId,
    },
    /// Refused attempts are on record.
    Attempts {
        /// The attempts.
        records: Vec<u64>,
        /// The rules broken.
        codes: Vec<RefusalCode>,
    },
}

impl Missing {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Rules { .. } => "rules",
            Self::Consistency { .. } => "consistency",
            Self::Handover { .. } => "handover",
            Self::Withheld { .. } => "withheld",
            Self::Claims { .. } => "claims",
            Self::Erased { .. } => "erased",
        }
    }

    /// The records that it is about.
    #[must_use]
    pub fn records(&self) -> Vec<u64> {
        match self {
            Self::Withheld { records } | Self::Claims { records } | Self::Erased { records, .. } => {
                records.clone()
            }
            _ => Vec::new(),
        }
    }
}

impl Reliance {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Trust { .. } => "trust",
            Self::NotCompared { .. } => "not_compared",
            Self::Certificate { .. } => "certificate",
            Self::SingleUse { .. } => "single_use",
            Self::Headroom { .. } => "headroom",
            Self::RefusedAcross { .. } => "refused_across",
            Self::Settled { .. } => "settled",
            Self::OnCertificate { .. } => "on_certificate",
            Self::Open { .. } => "open",
            Self::AppenderClock => "appender_clock",
            Self::Keys => "keys",
        }
    }

    /// The records that it is about.
    #[must_use]
    pub fn records(&self) -> Vec<u64> {
        match self {
            Self::SingleUse { records }
            | Self::Headroom { records }
            | Self::RefusedAcross { records }
            | Self::Settled { records }
            | Self::OnCertificate { records } => records.clone(),
            Self::Open { record, .. } => vec![*record],
            _ => Vec::new(),
        }
    }
}

impl Flag {
    /// The stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Suspect { .. } => "suspect",
            Self::Revoked { .. } => "revoked",
            Self::SingleCosigner => "single_cosigner",
            Self::DecidedAgain { .. } => "decided_again",
            Self::NoOrder { .. } => "no_order",
            Self::Attempts { .. } => "attempts",
        }
    }

    /// The records that it is about.
    #[must_use]
    pub fn records(&self) -> Vec<u64> {
        match self {
            Self::Suspect { records } | Self::DecidedAgain { records } | Self::Attempts { records, .. } => {
                records.clone()
            }
            _ => Vec::new(),
        }
    }
}
