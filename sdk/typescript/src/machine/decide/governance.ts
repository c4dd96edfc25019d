import type { Json } from "../../canonical.js";
import { keccak256Hex } from "../../hash.js";
import { writeOutcome } from "../../outcome.js";
import { answerOf, refuse } from "../../refusal.js";
import { publicKey } from "../../suites.js";
import { actionDigest, readAction, type Action } from "../action.js";
import { checkAction, loosens } from "../check-action.js";
import { addressBytes, chainId, GOVERNANCE, GOVERNANCE_LINE } from "../form.js";
import { openingKey } from "../keys.js";
import type { Proposal, State } from "../state.js";
import { signers, type Asking, type Of } from "./asking.js";
import type { Writer } from "./writer.js";

const DEADLINE_MAX_MS = 30 * 86_400_000;
const EXECUTED_WITHIN_MS = 30 * 86_400_000;
const WAITING_MAX = 64;

/** `governance.md` §1: a proposal, which counts as its proposer's approval. */
export function decideProposal(asking: Asking, value: Json): void {
  const { state, word, now, writer } = asking;
  const { statement: said, attestation, digest } = word.envelope;
  if (said.kind !== "opening") return refuse("action_form", "no opening");
  if (said.policy !== GOVERNANCE) refuse("policy_unknown", "not the policy of governance");
  checkAdministrator(asking);
  if (state.uses.has(openingKey(attestation))) refuse("opened_before", "opened before");
  if (said.deadline <= now || said.deadline > now + DEADLINE_MAX_MS)
    refuse("deadline", "a deadline out of range");
  const [claim, ...more] = word.openings;
  const named = claim?.name === "action" && more.length === 0 && claim.value === actionDigest(value);
  if (!named) refuse("action_form", "the claim names another action");
  const waiting = [...state.governance.values()].filter(({ phase }) => phase === "open");
  if (waiting.length >= WAITING_MAX) refuse("action_form", "too many proposals wait");
  const action = readAction(value);
  checkAction(state, action, "proposed");
  const loose = loosens(state, action);
  const id = writer.record({
    kind: "proposed",
    of: {
      action: value,
      attestation,
      deadline: said.deadline,
      envelope: digest,
      loosens: loose,
      party: said.party,
    },
  });
  resolve(asking, {
    id,
    action,
    digest: actionDigest(value),
    loosens: loose,
    deadline: said.deadline,
    approvals: new Set([said.party]),
    consents: new Set(),
    phase: "open",
    effective: undefined,
    head: id,
  });
}

/** `governance.md` §2: an administrator approves, or a co-signer consents. */
export function decideAgreement(asking: Of<"attestation">, proposal: Proposal): void {
  const { now, writer, word, said } = asking;
  if (said.step === "approve") checkAdministrator(asking);
  else if (said.step === "consent") checkCosigner(asking);
  else refuse("step_unknown", `no step \`${said.step}\``);
  if (now > proposal.deadline) refuse("case_late", "the deadline has passed");
  const agreed = said.step === "approve" ? proposal.approvals : proposal.consents;
  if (agreed.has(said.party)) refuse("agreed_before", "each party counts once");
  const plain = said.verdict === "done" && said.claims.length === 0 && said.evidence.length === 0;
  if (!plain || said.prev.length !== 1 || said.prev[0] !== proposal.id)
    refuse("prev", "it builds on the proposal alone");
  const head = writer.record({
    kind: said.step === "approve" ? "approved" : "consented",
    of: { case: proposal.id, envelope: word.envelope.digest, party: said.party, prev: proposal.head },
  });
  const counted = new Set([...agreed, said.party]);
  const after = said.step === "approve" ? { approvals: counted } : { consents: counted };
  if (proposal.effective === undefined) resolve(asking, { ...proposal, ...after, head });
}

function checkAdministrator({ state, word }: Asking): void {
  const keys = state.administrators.keys.get(word.envelope.statement.party);
  if (!signers(word).every((key) => keys?.has(key) ?? false)) refuse("not_governor", "no administrator");
}

function checkCosigner({ state, word }: Asking): void {
  const { party } = word.envelope.statement;
  const member = state.committee?.members.find(({ lei }) => lei === party);
  const key = member === undefined ? undefined : publicKey("eip712", member.address).id;
  if (!signers(word).every((signer) => signer === key)) refuse("not_governor", "no co-signer in force");
}

/** Whether enough have agreed: administrators, and where the action loosens, co-signers in force. */
function isAgreed(
  { administrators, committee }: State,
  { approvals, consents, loosens: loose }: Proposal,
): boolean {
  if ([...approvals].filter((party) => administrators.keys.has(party)).length < administrators.threshold)
    return false;
  if (!loose) return true;
  const present = committee?.members.filter(({ lei }) => consents.has(lei)).length ?? 0;
  return committee !== undefined && present >= committee.threshold;
}

/** `governance.md` §3: `resolved`, and what follows at once where there is no notice to wait for. */
function resolve(asking: Asking, proposal: Proposal): void {
  const { state, now, writer } = asking;
  if (!isAgreed(state, proposal)) return;
  const effective = proposal.loosens ? now + state.noticeMs : now;
  const head = writer.record({ kind: "resolved", of: { case: proposal.id, effective, prev: proposal.head } });
  if (effective <= now) writeEnactment(asking, { ...proposal, effective, head });
}

/**
 * `enacted` and the outcome of a change of a Gate, or `expired` where the action can no longer be carried
 * out.
 */
export function writeEnactment(
  { state, now, writer }: { readonly state: State; readonly now: number; readonly writer: Writer },
  { id, action, digest, head }: Proposal,
): void {
  if (answerOf(() => checkAction(state, action, "enacted")) !== "holds") {
    writer.record({ kind: "expired", of: { case: id, prev: head } });
    return;
  }
  const prev = writer.record({ kind: "enacted", of: { action: digest, case: id, prev: head } });
  if (action.kind === "gate") writer.outcome(gateOutcome(state, action, { case: id, prev, now }));
}

type GateAction = Extract<Action, { readonly kind: "gate" }>;

/** `governance.md` §6: the outcome of a change of a Gate. */
function gateOutcome(
  state: State,
  { programme, domain: name, calls }: GateAction,
  place: { readonly case: string; readonly prev: string; readonly now: number },
): Uint8Array {
  const domain = gateDomain(state, programme, name) ?? refuse("action_form", "no such domain");
  const gate = addressBytes(domain.gate);
  return writeOutcome({
    ledger: state.ledger,
    case: place.case,
    prev: place.prev,
    programme: keccak256Hex(programme),
    policy: GOVERNANCE,
    line: keccak256Hex(GOVERNANCE_LINE),
    kind: 1,
    chainId: chainId(domain.chain),
    gate,
    calls: calls.map(({ data }) => ({ target: gate, data })),
    notAfter: Math.floor((place.now + EXECUTED_WITHIN_MS) / 1_000),
    ordinal: 0,
  });
}

/** The domain as any policy of the programme, out of force too, defines it. */
function gateDomain(
  state: State,
  programme: string,
  name: string,
): { chain: string; gate: string } | undefined {
  const digests = [...(state.programmes.get(programme)?.adopted ?? [])].sort();
  return digests
    .map((digest) => state.policies.get(digest)?.domains.get(name))
    .find((domain) => domain !== undefined);
}
