//! Credentials: only a named issuer of the kind gives one; only an issuer of the kind takes it back.

use super::Desk;
use crate::body::{Body, Credentialed, Revoked};
use crate::governance::{Issuer, check_keys};
use crate::refusal::Refusal;
use crate::state::Kernel;
use lockstep_attest::{Credential, Revocation, Signed};
use lockstep_types::{CredentialDigest, Lei, Name};

impl Kernel {
    pub(super) fn decide_credential(
        &self,
        credential: &Credential,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        self.check_issuer_of(&credential.party, &credential.kind, signed)?;
        let digest = CredentialDigest(signed.digest().0);
        let refused = |what: String| Refusal::CredentialForm { what };
        if self.credentials.contains_key(&digest) {
            return Err(refused(format!("credential `{digest}` is on the ledger")));
        }
        check_keys(&credential.keys).map_err(refused)?;
        self.check_owner(&credential.keys, &credential.subject).map_err(refused)?;
        desk.write(&Body::Credentialed(Credentialed {
            credential: digest,
            envelope: signed.envelope_digest(),
            issuer: credential.party,
            keys: credential.keys.clone(),
            kind: credential.kind.clone(),
            subject: credential.subject,
            valid_from: credential.valid_from,
            valid_until: credential.valid_until,
        }));
        Ok(())
    }

    pub(super) fn decide_revocation(
        &self,
        revocation: &Revocation,
        signed: &Signed,
        desk: &mut Desk<'_>,
    ) -> Result<(), Refusal> {
        let digest = revocation.credential;
        let held = self.credentials.get(&digest).ok_or(Refusal::CredentialUnknown { credential: digest })?;
        self.check_issuer_of(&revocation.party, &held.kind, signed)?;
        if let Some(at) = held.revoked {
            return Err(Refusal::CredentialRevoked { credential: digest, at });
        }
        if let Some(since) = revocation.suspect_since.filter(|since| *since > desk.scribe.now()) {
            return Err(Refusal::CredentialForm {
                what: format!("suspect since {since}, which is yet to come"),
            });
        }
        desk.write(&Body::Revoked(Revoked {
            credential: digest,
            envelope: signed.envelope_digest(),
            issuer: revocation.party,
            suspect_since: revocation.suspect_since,
        }));
        Ok(())
    }

    fn check_issuer_of(&self, party: &Lei, kind: &Name, signed: &Signed) -> Result<(), Refusal> {
        let refused = || Refusal::NotIssuer { party: *party, kind: kind.clone() };
        let issuer: &Issuer =
            self.issuers.get(party).and_then(|(issuer, _)| issuer.as_ref()).ok_or_else(refused)?;
        let own_key = |key| issuer.keys.iter().any(|k| k.key.id() == key);
        let keys = signed.signers().iter().all(|key| own_key(*key));
        if keys && issuer.kinds.contains(kind) { Ok(()) } else { Err(refused()) }
    }
}
