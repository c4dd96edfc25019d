//! Where a party meets its ledger: a folder on this machine, or a server. Commands ask a desk what a draft
//! needs, and hand in at it; only here is it known which of the two it is.

pub mod entered;
pub mod remote;
pub mod shown;

use crate::commands::login::signed_in;
use crate::fault::{Kind, invalid, told};
use crate::folder::Folder;
use crate::folder::live::Live;
use crate::key::KeyRef;
use crate::party::{self, Party, SignerArgs};
use crate::server::ReachArgs;
use crate::shell::Shell;
use crate::words;
use anyhow::{Context, Result};
use clap::Args;
use entered::Entered;
use lockstep_api::answer::{CredentialRow, DomainRow};
use lockstep_attest::Submission;
use lockstep_kernel::Request;
use lockstep_node::client::{Draft, Found, Signing, Standing, Texts};
use lockstep_node::replica::Documents;
use lockstep_node::{Replica, client};
use lockstep_policy::{Layout, Policy, Step};
use lockstep_server::domains::domains;
use lockstep_types::{CaseId, CredentialDigest, LedgerId, Name};
pub use remote::Followed;
use remote::{Asker, Remote};
use shown::{CaseRow, CaseShown, ProposalShown};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The ledger: in a folder, or on a server.
#[derive(Debug, Clone, Args)]
pub struct DeskArgs {
    /// The ledger's folder; left out with `--server`
    #[arg(value_name = "DIR", required = true)]
    dir: Option<PathBuf>,
    #[command(flatten)]
    server: ServerPlace,
}

/// A ledger on a server.
#[derive(Debug, Clone, Args)]
pub struct ServerPlace {
    /// The server that has the ledger, in place of DIR
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The ledger's id, as you have it from elsewhere than this server
    #[arg(long = "ledger", value_name = "ID", requires = "server")]
    pinned: Option<LedgerId>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Who looks, where a server asks for it.
#[derive(Debug, Clone, Args)]
pub struct ReaderArgs {
    /// With `--server`: the key by which the server knows who looks [default: whoever has signed in]
    #[arg(long = "as", value_name = "KEY", requires = "server")]
    key: Option<KeyRef>,
}

impl ReaderArgs {
    /// The key, where one is named.
    pub const fn key(&self) -> Option<&KeyRef> {
        self.key.as_ref()
    }
}

/// A place where one can look and hand in.
pub enum Desk {
    /// The folder, open to append.
    Folder(Box<Live>),
    /// A server, asked with the party's first key.
    Server(Box<Remote>),
}

/// A place where one can only look.
pub enum Window {
    /// The folder.
    Folder(Box<Replica>),
    /// A server.
    Server(Box<Remote>),
}

/// A case as it stands: its policy, and the records of its steps.
pub struct Stands {
    case: CaseId,
    policy: Arc<Policy>,
    standing: Standing,
}

impl Stands {
    fn of(replica: &Replica, case: CaseId) -> Result<Self> {
        let (kernel, view) = (replica.kernel(), replica.view());
        let adopted = kernel.policy_of_case(&case, view).ok_or(client::DraftError::Case { case })?;
        let policy = Arc::clone(&adopted.policy);
        Ok(Self { case, policy, standing: Found::new(kernel, view, case)?.into_standing() })
    }

    /// Its policy.
    pub const fn policy(&self) -> &Arc<Policy> {
        &self.policy
    }

    /// As a draft needs it.
    pub fn found(&self) -> Found<'_> {
        Found::told(self.case, &self.policy, self.standing.clone())
    }

    /// A step of its policy.
    pub fn step(&self, step: &Name) -> Result<Step> {
        let found = self.found();
        let step = found.step(step).map_err(|error| invalid("step-unknown", error.to_string()))?;
        Ok(step.clone())
    }
}

impl ServerPlace {
    fn connect(&self, shell: &Shell, url: &str) -> Result<lockstep_client::Client> {
        let client = self.reach.at(url).connect(self.pinned)?;
        if self.pinned.is_none() {
            let id = client.id();
            shell.out.note(format!(
                "note: this server has ledger {id}; compare this id with the other institutions, then name it \
                 with `--ledger`"
            ));
        }
        Ok(client)
    }

    /// The server and its address, for whoever is nobody yet.
    pub fn reach(&self, shell: &Shell) -> Result<(String, lockstep_client::Client)> {
        let url = self.server.as_deref().ok_or_else(|| invalid("server-address", "no server is named"))?;
        Ok((url.trim_end_matches('/').to_owned(), self.connect(shell, url)?))
    }

    /// The server, to look at it with one key; without one, as whoever is signed in.
    pub fn look(&self, shell: &mut Shell, key: Option<&KeyRef>) -> Result<Remote> {
        let (url, client) = self.reach(shell)?;
        let asks = match key {
            Some(key) => Asker::Key(shell.keyring.open(key)?.into()),
            None => Asker::Person(signed_in(shell, &url, client.id())?.token.token),
        };
        Ok(Remote::new(client, asks, shell.out))
    }
}

impl DeskArgs {
    /// The folder, where it is one.
    pub fn dir(&self) -> Result<&Path> {
        self.dir.as_deref().context("no folder is named")
    }

    /// Opens the ledger for whoever signs.
    pub fn open(&self, shell: &mut Shell, signer: &SignerArgs) -> Result<(Desk, Party)> {
        let Some(url) = &self.server.server else {
            let live = shell.live(self.dir()?)?;
            let party = Party::open(shell, signer, live.kernel())?;
            return Ok((Desk::Folder(Box::new(live)), party));
        };
        let client = self.server.connect(shell, url)?;
        let keys = party::keys(shell, signer)?;
        let party = Party::of(shell, keys, |holder| remote::owner(&client, holder))?;
        let remote = Remote::new(client, Asker::Key(party.first()?), shell.out);
        Ok((Desk::Server(Box::new(remote)), party))
    }

    /// The server as one key sees it, where it is one.
    pub fn server(&self, shell: &mut Shell, key: Option<&KeyRef>) -> Result<Option<Remote>> {
        self.server.server.is_some().then(|| self.server.look(shell, key)).transpose()
    }

    /// The server, where it is one, under an id that is not of its own telling; no key is asked for.
    pub fn pinned_server(&self, shell: &Shell) -> Result<Option<lockstep_client::Client>> {
        let Some(url) = &self.server.server else { return Ok(None) };
        if self.server.pinned.is_none() {
            let text = "what a server says of itself is no trust: the ledger's id must come from elsewhere";
            return Err(told(Kind::Invalid, "ledger-pinned", text)
                .hint("compare the id with the other institutions, then name it with `--ledger`")
                .into());
        }
        self.server.connect(shell, url).map(Some)
    }

    /// Does something that may take hours, while others go on with a ledger in a folder.
    pub fn leave_for<T>(
        &self,
        shell: &Shell,
        desk: Desk,
        long: impl FnOnce() -> Result<T>,
    ) -> Result<(T, Desk)> {
        match desk {
            Desk::Folder(live) => {
                drop(live);
                let done = long()?;
                Ok((done, Desk::Folder(Box::new(shell.live(self.dir()?)?))))
            }
            server @ Desk::Server(_) => Ok((long()?, server)),
        }
    }

    /// Opens the ledger for whoever looks with the first key of an envelope.
    pub fn look_as(&self, shell: &mut Shell, signer: &SignerArgs) -> Result<Window> {
        Ok(match self.server(shell, Some(signer.first()))? {
            None => Window::Folder(Box::new(Folder::open(self.dir()?)?.replica()?)),
            Some(remote) => Window::Server(Box::new(remote)),
        })
    }

    /// Opens the ledger for whoever looks.
    pub fn look(&self, shell: &mut Shell, reader: &ReaderArgs) -> Result<Window> {
        Ok(match &self.server.server {
            None => Window::Folder(Box::new(Folder::open(self.dir()?)?.replica()?)),
            Some(_) => Window::Server(Box::new(self.server.look(shell, reader.key.as_ref())?)),
        })
    }
}

impl Desk {
    /// What every draft of a party needs.
    pub fn signing(&self, party: &Party) -> Result<Signing> {
        match self {
            Self::Folder(live) => party.signing(live.replica()),
            Self::Server(remote) => party.signing_as(remote.ledger(), remote.seen()?),
        }
    }

    /// A policy in force: its name, or `PROGRAMME/NAME`.
    pub fn policy(&self, text: &str) -> Result<Arc<Policy>> {
        match self {
            Self::Folder(live) => words::policy(live.replica(), text),
            Self::Server(remote) => words::policy_of(remote.policies_in_force()?, text),
        }
    }

    /// A case, by the letters its id begins with.
    pub fn case_id(&self, prefix: &str) -> Result<CaseId> {
        match self {
            Self::Folder(live) => words::case(live.replica(), prefix),
            Self::Server(remote) => remote.case_id(prefix),
        }
    }

    /// A case that steps can be taken of.
    pub fn case(&self, case: CaseId) -> Result<Stands> {
        match self {
            Self::Server(remote) => remote.stands(case),
            Self::Folder(live) => Stands::of(live.replica(), case),
        }
    }

    /// A case that steps can be taken of, if there is one, for this reader.
    pub fn case_if_any(&self, case: CaseId) -> Result<Option<Stands>> {
        match self {
            Self::Server(remote) => remote.stands_if_any(case),
            Self::Folder(live) => match live.kernel().policy_of_case(&case, live.replica().view()) {
                None => Ok(None),
                Some(_) => self.case(case).map(Some),
            },
        }
    }

    /// Policies under which cases are opened, with programme and name.
    pub fn policies_in_force(&self) -> Result<Vec<(Name, Name, Arc<Policy>)>> {
        match self {
            Self::Folder(live) => Ok(words::policies_in_force(live.replica())),
            Self::Server(remote) => remote.policies_in_force(),
        }
    }

    /// Whether an act is on record that a step would name with these claims. A server shows it as long as the
    /// step stands, and to whoever may see the claims: a trial tells otherwise.
    pub fn has_act(&self, (layout, step): (&Layout, &Step), (case, texts): (CaseId, &Texts)) -> Result<bool> {
        match self {
            Self::Folder(live) => {
                let named = texts.iter().map(|(name, text)| Ok((name.parse::<Name>()?, text.clone())));
                let named = named.collect::<Result<_>>()?;
                let found = live.kernel().case_of_act((layout, step), &named, live.replica().view())?;
                Ok(found.is_some())
            }
            Self::Server(remote) => {
                for name in ["transaction", "log"] {
                    let stated = remote.stated(case, (&step.name, name))?;
                    if stated.is_none() || stated.as_ref() != texts.get(name) {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    /// A credential, by the letters its id begins with; on a server, one that the party holds or gave.
    pub fn credential(&self, prefix: &str) -> Result<CredentialDigest> {
        match self {
            Self::Folder(live) => words::credential(live.replica(), prefix),
            Self::Server(remote) => match prefix.parse() {
                Ok(whole) => Ok(whole),
                Err(_) => {
                    let all = remote.credentials()?.into_iter().map(|row| row.credential);
                    words::one(prefix, "credential", all)
                }
            },
        }
    }

    /// Domains of programmes, and what is waited for there.
    pub fn domains(&self) -> Result<Vec<DomainRow>> {
        match self {
            Self::Folder(live) => Ok(domains(live.kernel())),
            Self::Server(remote) => remote.domains(),
        }
    }

    /// The code of the rule that would refuse a request now, and what it says; nothing is recorded.
    pub fn would_refuse(&self, request: Request) -> Result<Option<(String, String)>> {
        match self {
            Self::Folder(live) => {
                let refusal = live.would_refuse(request)?;
                Ok(refusal.map(|refusal| (refusal.code().as_text(), refusal.to_string())))
            }
            Self::Server(remote) => remote.would_refuse(&request),
        }
    }

    /// Hands a request in, and says what became of it.
    pub fn submit(&mut self, request: Request, documents: Documents) -> Result<Entered> {
        match self {
            Self::Folder(live) => live.submit(request, documents),
            Self::Server(remote) => remote.submit(&request, documents),
        }
    }

    /// Signs a draft and hands it in.
    pub fn hand_in(&mut self, party: &Party, draft: Draft) -> Result<Entered> {
        let submission: Submission = party.sign(draft)?;
        self.submit(Request::Submit(Box::new(submission)), Documents::new())
    }
}

impl Window {
    /// A case or governance case, by the letters its id begins with.
    pub fn case_id(&self, prefix: &str) -> Result<CaseId> {
        match self {
            Self::Folder(replica) => words::case(replica, prefix),
            Self::Server(remote) => remote.case_id(prefix),
        }
    }

    /// A case with its records.
    pub fn case(&self, case: CaseId) -> Result<CaseShown> {
        match self {
            Self::Folder(replica) => CaseShown::of(replica, case),
            Self::Server(remote) => remote.shown(case),
        }
    }

    /// A case that steps can be taken of.
    pub fn stands(&self, case: CaseId) -> Result<Stands> {
        match self {
            Self::Folder(replica) => Stands::of(replica, case),
            Self::Server(remote) => remote.stands(case),
        }
    }

    /// All cases; on a server, those that the reader takes part in, or may, and without `all` the open ones.
    pub fn cases(&self, all: bool) -> Result<Vec<CaseRow>> {
        match self {
            Self::Folder(replica) => shown::cases(replica),
            Self::Server(remote) => remote.cases(all),
        }
    }

    /// All credentials; on a server, those that the reader's party holds or gave.
    pub fn credentials(&self) -> Result<Vec<CredentialRow>> {
        match self {
            Self::Folder(replica) => {
                let all = replica.kernel().credentials();
                Ok(all.map(|(id, held)| CredentialRow::of(*id, held)).collect())
            }
            Self::Server(remote) => remote.credentials(),
        }
    }

    /// Domains of programmes, and what is waited for there.
    pub fn domains(&self) -> Result<Vec<DomainRow>> {
        match self {
            Self::Folder(replica) => Ok(domains(replica.kernel())),
            Self::Server(remote) => remote.domains(),
        }
    }

    /// Changes that wait for others to agree.
    pub fn proposals(&self) -> Result<Vec<ProposalShown>> {
        match self {
            Self::Folder(replica) => Ok(replica.kernel().proposals().map(ProposalShown::of).collect()),
            Self::Server(remote) => remote.proposals(),
        }
    }
}
