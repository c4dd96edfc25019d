import { refuse } from "../../refusal.js";
import { writeKey } from "../../suites.js";
import { isSmallOrder } from "../order.js";
import { signers, type Of } from "./asking.js";

/** A credential issuer attests a credential. */
export function decideCredential({ state, word, writer, said }: Of<"credential">): void {
  const issuer = state.issuers.get(said.party);
  const signed = issuer !== undefined && signers(word).every((key) => issuer.keys.has(key));
  if (!signed || !issuer.kinds.includes(said.credentialKind)) refuse("not_issuer", "no issuer of this kind");
  const id = word.envelope.attestation;
  if (state.credentials.has(id)) refuse("credential_form", "it is on the ledger already");
  for (const { key } of said.keys) {
    if (isSmallOrder(key)) refuse("credential_form", "anybody can sign for this key");
    if ((state.keys.get(key.id)?.owner ?? said.subject) !== said.subject)
      refuse("credential_form", "a key of another");
  }
  writer.record({
    kind: "credentialed",
    of: {
      credential: id,
      envelope: word.envelope.digest,
      issuer: said.party,
      keys: said.keys.map(({ key, person }) => ({
        key: writeKey(key),
        ...(person === undefined ? {} : { person }),
      })),
      kind: said.credentialKind,
      subject: said.subject,
      valid_from: said.validFrom,
      valid_until: said.validUntil,
    },
  });
}

/** Any issuer that is named for the kind revokes a credential. */
export function decideRevocation({ state, word, now, writer, said }: Of<"revocation">): void {
  const credential =
    state.credentials.get(said.credential) ?? refuse("credential_unknown", "no such credential");
  const issuer = state.issuers.get(said.party);
  const signed = issuer !== undefined && signers(word).every((key) => issuer.keys.has(key));
  if (!signed || !issuer.kinds.includes(credential.kind)) refuse("not_issuer", "no issuer of this kind");
  if (credential.revoked !== undefined) refuse("credential_revoked", "it is revoked already");
  const since = said.suspectSince;
  if (since !== undefined && since > now) refuse("credential_form", "suspect since later than now");
  writer.record({
    kind: "revoked",
    of: {
      credential: said.credential,
      envelope: word.envelope.digest,
      issuer: said.party,
      ...(since === undefined ? {} : { suspect_since: since }),
    },
  });
}
