//! The ledger of the demonstration and everybody who writes to it.

use super::archive::Archive;
use super::cast::{COSIGNERS, Cast, DemoKey, HeldKey, Institution, THRESHOLD, name};
use super::clock::Clock;
use super::coin::{Coin, Place};
use super::cosigner::{self, CosignerFolder};
use super::founding::NOTICE_MS;
use super::inputs::Inputs;
use super::story::Story;
use crate::folder::tiles::TilesOnDisk;
use crate::os;
use anyhow::{Context, Result, bail};
use lockstep_attest::evidence::evidence_digest;
use lockstep_attest::sign::{Sign, sign};
use lockstep_attest::{Seen, Submission};
use lockstep_crypto::suite::{PublicKey, Suite};
use lockstep_kernel::body::{Administrator, Genesis};
use lockstep_kernel::{Kernel, Request};
use lockstep_ledger::{Certificate, Member, View};
use lockstep_node::client::{Draft, Signing};
use lockstep_node::cosigner::Cosigned;
use lockstep_node::replica::Documents;
use lockstep_node::{Accepted, Answer, Appender};
use lockstep_pack::pack::Document;
use lockstep_store::{Embedded, Store, StoredRecord, stream};
use lockstep_types::{CertificateDigest, Digest, EvidenceDigest, LedgerId, Name, Salt, Time, canonical};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records that a co-signer is sent at once.
const FEED_RECORDS: usize = 512;
/// Longest signature of a co-signer, in bytes.
const COSIGNED_BYTES_MAX: usize = 4_096;
/// How long what is signed here is valid: 1 hour.
pub const ENVELOPE_MS: u64 = 3_600_000;

/// Everything that runs.
pub struct World {
    /// Where it is written.
    pub out: PathBuf,
    /// What was read.
    pub inputs: Inputs,
    /// Who takes part.
    pub cast: Cast,
    /// The appender.
    pub appender: Appender<DemoKey>,
    /// The co-signers, each in its folder.
    pub cosigners: Vec<(&'static str, CosignerFolder)>,
    /// The programme's name.
    pub programme: Name,
    /// The coin on its chains, once it is there.
    pub coins: BTreeMap<Place, Coin>,
    appender_key: PublicKey,
    /// Every certificate that was handed out, and the latest.
    certificates: BTreeMap<CertificateDigest, Certificate>,
    latest: Option<Certificate>,
    documents: BTreeMap<EvidenceDigest, Document>,
    /// Go into the store with the next records.
    unstored: Documents,
}

impl World {
    /// Makes folders, keys and genesis.
    pub fn begin(out: &Path, inputs: Inputs, story: &mut Story) -> Result<Self> {
        make_folder(out)?;
        let cast = Cast::make()?;
        let mut members = Vec::new();
        for role in COSIGNERS {
            let institution = cast.of(role);
            let address = cosigner::make(&out.join("cosigners").join(role))?;
            members.push(Member { address, lei: institution.lei, name: name(&short(institution.name)) });
        }
        let receipts = DemoKey::draw(Suite::Ed25519)?;
        let appender_key = receipts.public().clone();
        let genesis = Genesis {
            administrator_threshold: 2,
            administrators: administrators(&cast),
            appender: appender_key.clone(),
            cosigner_threshold: THRESHOLD,
            cosigners: members,
            log: DemoKey::draw(Suite::Ed25519)?.public().clone(),
            name: name("acme"),
            nonce: Salt(os::random32()?),
            notice_ms: NOTICE_MS,
            rules: lockstep_kernel::Rules::NEWEST.version(),
        };
        let folder = out.join("appender");
        let store: Arc<dyn Store> = Arc::new(Embedded::open(&folder.join("store"))?);
        let files = Arc::new(TilesOnDisk::new(&folder));
        let appender = Appender::open(store, files, receipts, Box::new(os::seed))?.with_threads(2);
        let currency = inputs.payment.money.currency.as_str().to_lowercase();
        let mut world = Self {
            out: out.to_owned(),
            inputs,
            cast,
            appender,
            cosigners: Vec::new(),
            programme: name(&format!("acme-{currency}")),
            coins: BTreeMap::new(),
            appender_key,
            certificates: BTreeMap::new(),
            latest: None,
            documents: BTreeMap::new(),
            unstored: Documents::new(),
        };
        world.must(Request::Genesis(Box::new(genesis)))?;
        for role in COSIGNERS {
            let dir = world.out.join("cosigners").join(role);
            world.cosigners.push((role, CosignerFolder::start(&dir, world.ledger()?)?));
        }
        world.introduce(story)?;
        Ok(world)
    }

    fn introduce(&self, story: &mut Story) -> Result<()> {
        story.part("A ledger begins");
        story.line(format!("   ledger {}", self.ledger()?));
        story.line(format!(
            "   four co-signers, {THRESHOLD} of 4 must sign; each in a folder of its own, with its own key,"
        ));
        story.line("   memory and store; each re-runs every decision from the bytes it is sent:");
        for role in COSIGNERS {
            let dir = self.out.join("cosigners").join(role);
            story.line(format!("      {:<24} {}", self.cast.of(role).name, dir.display()));
        }
        story.line(
            "   keys were made for this run; they lie unencrypted (0600) in those folders and are \
            worth nothing",
        );
        Ok(())
    }

    /// The clock that everybody runs by.
    pub const fn clock(&self) -> Clock {
        self.inputs.clock
    }

    /// What it shows.
    pub fn now(&self) -> Result<Time> {
        self.clock().now()
    }

    /// The ledger.
    pub fn ledger(&self) -> Result<LedgerId> {
        self.appender.head().0.context("the ledger has not begun")
    }

    /// The coin on its first chain.
    pub fn coin(&mut self) -> Result<&mut Coin> {
        self.coin_at(Place::Home)
    }

    /// The coin on one of its chains.
    pub fn coin_at(&mut self, at: Place) -> Result<&mut Coin> {
        self.coins.get_mut(&at).context("there is no coin yet")
    }

    /// The state map of the appender's copy.
    pub fn view(&self) -> &dyn View {
        self.appender.replica().view()
    }

    /// The kernel of the appender's copy.
    pub fn kernel(&self) -> &Kernel {
        self.appender.replica().kernel()
    }

    /// Key under which *accepted* receipts are signed.
    pub const fn appender_key(&self) -> &PublicKey {
        &self.appender_key
    }

    /// The latest certificate.
    pub fn certificate(&self) -> Result<&Certificate> {
        self.latest.as_ref().context("nothing is certified yet")
    }

    /// What a draft of this institution needs: it has seen the latest certificate.
    pub fn signing(&self, institution: &Institution) -> Result<Signing> {
        let now = self.now()?;
        let seen = self.latest.as_ref().map(|certificate| {
            certificate.digest().map(|digest| Seen { certificate: digest, size: certificate.size })
        });
        Ok(Signing {
            ledger: self.ledger()?,
            party: institution.lei,
            issued: now,
            expires: now.saturating_add_ms(ENVELOPE_MS),
            seen: seen.transpose()?,
        })
    }

    /// Keeps a document with its salt; the digest goes into attestations.
    pub fn evidence(&mut self, document: &[u8]) -> Result<EvidenceDigest> {
        let salt = Salt(os::random32()?);
        let digest = evidence_digest(&salt, document);
        self.unstored.push((Digest(digest.0), [salt.as_bytes().as_slice(), document].concat()));
        self.documents.insert(digest, Document { document: document.to_vec(), salt });
        Ok(digest)
    }

    /// Hands a request in.
    pub fn submit(&mut self, request: Request) -> Result<Answer> {
        let now = self.now()?;
        let commands = self.appender.admit(vec![request]);
        let answers = self.appender.append(commands, std::mem::take(&mut self.unstored), now)?;
        answers.into_iter().next().context("the appender gave no answer")
    }

    /// Lets what is due by now take effect.
    pub fn tick(&mut self) -> Result<()> {
        let now = self.now()?;
        self.appender.append(Vec::new(), std::mem::take(&mut self.unstored), now)?;
        Ok(())
    }

    /// Signs a draft and hands it in.
    pub fn hand_in(&mut self, draft: &Draft, keys: &[&DemoKey]) -> Result<Answer> {
        let submission = sign(&draft.statement, draft.openings.clone(), keys)?;
        self.submit_signed(submission)
    }

    /// Hands in what is signed already.
    pub fn submit_signed(&mut self, submission: Submission) -> Result<Answer> {
        self.submit(Request::Submit(Box::new(submission)))
    }

    /// Hands in a request that the story cannot go on without.
    pub fn must(&mut self, request: Request) -> Result<Accepted> {
        accepted(self.submit(request)?)
    }

    /// Seals, sends every co-signer the bytes it lacks, and collects signatures; the certificate of all of
    /// them.
    pub fn certify(&mut self) -> Result<Certificate> {
        let now = self.now()?;
        self.appender.seal(now)?;
        let size = self.appender.head().1;
        let mut certificate = None;
        for (role, cosigner) in &mut self.cosigners {
            while cosigner.next()? < size {
                let bytes = self.appender.feed(cosigner.next()?, FEED_RECORDS)?;
                cosigner.receive(&bytes)?.with_context(|| format!("the co-signer `{role}` disagrees"))?;
            }
            let clock = self.inputs.clock.now()?;
            let signed =
                cosigner.sign(clock)?.with_context(|| format!("the co-signer `{role}` does not sign"))?;
            let signed: Cosigned = canonical::from_slice(&signed, COSIGNED_BYTES_MAX)?;
            certificate = self.appender.cosigned(&signed)?.or(certificate);
        }
        let certificate = certificate.context("too few co-signers signed")?;
        self.certificates.insert(certificate.digest()?, certificate.clone());
        self.latest = Some(certificate.clone());
        Ok(certificate)
    }

    /// The ledger as a pack is built from it: the honest one, under the latest certificate.
    pub fn archive(&self) -> Result<Archive> {
        let replica = self.appender.replica();
        let size = replica.ledger().size();
        let records: Vec<StoredRecord> = stream(&**replica.store(), 0, size).collect::<Result<_, _>>()?;
        let (certificate, seen) = (self.certificate()?.clone(), self.certificates.clone());
        let archive = Archive::of(&records, replica.ledger().clone(), certificate)?;
        Ok(archive.with_seen(seen).with_documents(self.documents.clone()))
    }
}

/// The records of an answer that must have been accepted.
pub fn accepted(answer: Answer) -> Result<Accepted> {
    match answer {
        Answer::OnRecord(accepted) => match accepted.refused {
            None => Ok(*accepted),
            Some(refusal) => Err(refusal.into()),
        },
        Answer::Refused(refusal) => Err((*refusal).into()),
        Answer::Malformed(error) => Err((*error).into()),
    }
}

/// Two administrators must agree: the issuer's administration and the trustee.
fn administrators(cast: &Cast) -> Vec<Administrator> {
    let of = |role: &str| Administrator { keys: cast.of(role).plain_keys(), lei: cast.of(role).lei };
    vec![of("administrator"), of("trustee")]
}

/// A name for records: `fair-partners`.
fn short(text: &str) -> String {
    let plain = text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// Marks a folder that the demonstration made: only such a folder is emptied for another run.
const MARKER: &str = ".lockstep-demo";
/// What a run leaves in its folder.
const PARTS: [&str; 9] = [
    "appender",
    "cosigners",
    "failing",
    "policy",
    "case.evidence.json",
    "case.html",
    "redemption.evidence.json",
    "trust.json",
    MARKER,
];

/// A folder for one run: keys and stores of an earlier one are thrown away, what is not ours is left alone.
fn make_folder(out: &Path) -> Result<()> {
    let filled = PARTS.iter().any(|part| out.join(part).exists());
    if filled && !out.join(MARKER).exists() {
        bail!(
            "`{}` holds files that the demonstration did not write: name another folder with `--out`",
            out.display()
        );
    }
    for path in PARTS.iter().map(|part| out.join(part)).filter(|path| path.exists()) {
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.with_context(|| format!("cannot remove `{}`", path.display()))?;
    }
    std::fs::create_dir_all(out).with_context(|| format!("cannot make `{}`", out.display()))?;
    os::write_atomic(&out.join(MARKER), b"made by `lockstep demo stablecoin`; emptied by its next run\n")
}

/// Adds a key to those of an institution.
pub fn held(suite: Suite, person: Digest) -> Result<HeldKey> {
    Ok(HeldKey { key: DemoKey::draw(suite)?, person })
}
