import { utf8 } from "../bytes.js";
import { canonicalBytes, parseJson, type Json } from "../canonical.js";
import { checkCertificate, readCertificate, type Certificate, type Committee } from "../certificate.js";
import type { Seen } from "../attestation/statement.js";
import { checkAccepted, type AcceptedReceipt } from "../receipt.js";
import { refuse, refusedAs } from "../refusal.js";
import type { Trust } from "../trust.js";
import {
  readBatch,
  readCase,
  readCaseRow,
  readDomainRow,
  readEntered,
  readKeyRow,
  readLedger,
  readLedgerRow,
  readPage,
  readPolicyRow,
  readToken,
  readTrial,
  readWaitingEvent,
  readWaitingRow,
  type Case,
  type CaseRow,
  type DomainRow,
  type Entered,
  type KeyRow,
  type LedgerState,
  type Page,
  type PolicyRow,
  type Token,
  type Trial,
  type WaitingEvent,
  type WaitingRow,
} from "./answers.js";
import { signDraft, type Draft, type Signed } from "./draft.js";
import { readGenesis, type Genesis } from "./genesis.js";
import { httpOf, type Asks, type Http, type HttpOptions } from "./http.js";
import { ProblemError, readReceipt } from "./problem.js";
import { nextCommittee, readHandoverRow, type HandoverRow } from "./rotation.js";
import { keyOf, type Sign, type Signer } from "./signer.js";
import {
  adoptedOf,
  draftOpening,
  draftReading,
  draftRefusal,
  draftStep,
  draftWithdrawal,
  type Adopted,
  type OpeningWords,
  type ReadingWords,
  type RefusalWords,
  type Speaker,
  type StepWords,
} from "./words.js";

/** The client's half of the service: what an institution asks a server, and how it checks the answers. */

/** Requests of one batch, and documents of one request (`http.md` §5). */
const BATCH_REQUESTS_MAX = 64;
const DOCUMENTS_MAX = 16;
const ID = /^[0-9a-f]{64}$/;

export interface ConnectOptions extends HttpOptions {
  /**
   * The id of the ledger, got by another way than from the server. Without it the server's only ledger is
   * taken at its word: compare `client.id` with the other institutions then.
   */
  readonly ledger?: string | undefined;
  /** The party's public key, for what only parties may ask or say. */
  readonly key?: Signer["key"] | undefined;
  /** Signs with the secret of `key`, wherever that is. */
  readonly sign?: Sign | undefined;
}

/** What goes with any word: who else signs it, and what had been seen. */
export interface Said {
  /** Further persons of the party that sign the same envelope. */
  readonly and?: readonly Signer[];
  /** A certificate that the party has verified: its lower bound of *when*. */
  readonly seen?: Certificate | Seen;
}

/** Which pack is asked for (`http.md` §6); all that the party may see when nothing is said. */
export interface PackAsked {
  /** As this audience sees it. */
  readonly audience?: string;
  /** `STEP` or `STEP.CLAIM`: withheld besides. */
  readonly withhold?: readonly string[];
  /** With the documents that the party may see. */
  readonly evidence?: boolean;
}

/** What became of one of several requests. */
export type Answered = { readonly entered: Entered } | { readonly error: unknown };

/**
 * Asks for the first record, and checks that it is the one of the ledger. What can be checked is never
 * believed: receipts and certificates are verified, policies are held against their digests.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Client> {
  const { key, sign } = options;
  if ((key === undefined) !== (sign === undefined)) refuse("signing", "give `key` and `sign` together");
  const signer = key === undefined || sign === undefined ? undefined : { key, sign };
  if (signer !== undefined) keyOf(signer);
  const http = httpOf(url, options);
  const id = idOf(options.ledger ?? (await onlyLedger(http)));
  const genesis = readGenesis(await http.get(`/v1/ledgers/${id}/genesis`), id);
  return new Client({ http, id, genesis, signer, now: options.now ?? Date.now });
}

async function onlyLedger(http: Http): Promise<string> {
  const { items } = await told(http.get("/v1/ledgers"), (rows) => readPage(rows, readLedgerRow));
  const [only] = items;
  if (only === undefined || items.length !== 1) {
    return refuse("which_ledger", `the server hosts ${items.length} ledgers: name one by its id`);
  }
  return only.ledger;
}

/** Reads an answer; whatever is wrong with its form is `answer`. */
async function told<T>(answer: Promise<Json>, read: (value: Json) => T): Promise<T> {
  const value = await answer;
  return refusedAs("answer", () => read(value));
}

/** An id as it stands in a path; refuses (`id`) any other text, which would ask for something else. */
function idOf(text: string): string {
  if (!ID.test(text)) refuse("id", `\`${text}\` is no id: expected 64 lower-case hexadecimal digits`);
  return text;
}

interface Connection {
  readonly http: Http;
  readonly id: string;
  readonly genesis: Genesis;
  readonly signer: Signer | undefined;
  readonly now: () => number;
}

/** One ledger on one server. Made by {@link connect}. */
export class Client {
  readonly #http: Http;
  readonly #signer: Signer | undefined;
  readonly #now: () => number;
  #party: string | undefined;
  readonly #adopted = new Map<string, Adopted>();

  /** The ledger. */
  readonly id: string;
  /** Its first record. */
  readonly genesis: Genesis;

  constructor({ http, id, genesis, signer, now }: Connection) {
    this.#http = http;
    this.id = id;
    this.genesis = genesis;
    this.#signer = signer;
    this.#now = now;
  }

  /** How the ledger stands, by the server's word. */
  ledger(): Promise<LedgerState> {
    return told(this.#http.get(this.#path("")), readLedger);
  }

  /**
   * Hands in what was signed. The receipt is checked, also that of a refusal on record, which is thrown as a
   * {@link ProblemError}. The same again is answered as the first time.
   */
  async submit(signed: Signed): Promise<Entered> {
    const { documents } = signed;
    if (documents.length > DOCUMENTS_MAX) refuse("evidence", `more than ${DOCUMENTS_MAX} documents`);
    const request = requestOf(signed);
    const body = documents.length === 0 ? request : formOf(request, documents);
    try {
      const entered = await told(this.#http.post(this.#path("/submissions"), body), readEntered);
      return this.#checkEntered(entered, signed.attestation);
    } catch (error) {
      if (error instanceof ProblemError) this.#checkRefused(error.receipt, signed.attestation);
      throw error;
    }
  }

  /** Hands several in, without documents; one answer each, in their order. */
  async submitAll(all: readonly Signed[]): Promise<readonly Answered[]> {
    if (all.length === 0 || all.length > BATCH_REQUESTS_MAX) {
      return refuse("batch", `${all.length} requests: 1 to ${BATCH_REQUESTS_MAX} are taken`);
    }
    if (all.some(({ documents }) => documents.length > 0)) {
      return refuse("batch", "a request with documents is handed in alone");
    }
    const requests = all.map((signed) => ({ submit: signed.submission }));
    const body = canonicalBytes(requests);
    const answers = await told(this.#http.post(this.#path("/batches"), body), readBatch);
    if (answers.length !== all.length) refuse("answer", `${answers.length} answers, not ${all.length}`);
    return answers.map((answer, at): Answered => {
      const attestation = all[at]?.attestation ?? "";
      try {
        if ("entered" in answer) return { entered: this.#checkEntered(answer.entered, attestation) };
        this.#checkRefused(answer.problem.receipt, attestation);
        return { error: new ProblemError(answer.problem) };
      } catch (error) {
        return { error };
      }
    });
  }

  /** A receipt, made now, for what the ledger has on record of an attestation; checked. */
  async receipt(attestation: string): Promise<AcceptedReceipt> {
    const path = this.#path(`/attestations/${idOf(attestation)}`);
    const receipt = await told(this.#http.get(path), readReceipt);
    return this.#checkReceipt(receipt, attestation);
  }

  /**
   * The committee that certificates are checked by: from the co-signers of the first record, handover by
   * handover, each of which is verified. One that nobody has handed over to is not told.
   */
  async committee(): Promise<Committee> {
    const page = (rows: Json): Page<HandoverRow> => readPage(rows, readHandoverRow);
    const { items } = await told(this.#http.get(this.#path("/handovers")), page);
    const next = (before: Committee, row: HandoverRow): Committee => nextCommittee(this.id, before, row);
    return items.reduce(next, this.genesis.committee);
  }

  /**
   * The newest certificate, by `committee()` unless the caller knows another to be in force. None when
   * nothing is certified yet.
   */
  async certificate(committee?: Committee): Promise<Certificate | undefined> {
    const by = committee ?? (await this.committee());
    try {
      const certificate = await told(this.#http.get(this.#path("/certificate")), readCertificate);
      refusedAs("certificate", () => checkCertificate(certificate, this.id, by));
      return certificate;
    } catch (error) {
      if (error instanceof ProblemError && error.kind === "missing") return undefined;
      throw error;
    }
  }

  /**
   * What a verifier has to believe of this ledger: `committee()` and the head of `certificate()`. It rests on
   * the id that the caller has from elsewhere, and on no word of the server. None when nothing is certified.
   */
  async trust(): Promise<Trust | undefined> {
    const committee = await this.committee();
    const certificate = await this.certificate(committee);
    if (certificate === undefined) return undefined;
    const { root, size } = certificate;
    return { committee, ledger: this.id, name: this.genesis.name, root, size };
  }

  /** The evidence pack of a case, as the party may see it; whoever takes it verifies it (`verifyPack`). */
  async pack(id: string, asked: PackAsked = {}): Promise<Uint8Array> {
    const query = new URLSearchParams();
    if (asked.audience !== undefined) query.set("audience", asked.audience);
    if (asked.withhold !== undefined) query.set("withhold", asked.withhold.join(","));
    if (asked.evidence === true) query.set("evidence", "true");
    const text = query.toString().replaceAll("%2C", ",");
    return this.#http.getBytes(this.#path(`/cases/${idOf(id)}/pack`), text, this.#asks());
  }

  /** Domains of programmes, and what is waited for there, by the server's word. */
  async domains(): Promise<readonly DomainRow[]> {
    return (await this.#page("/domains", undefined, readDomainRow)).items;
  }

  /** What would become of what was signed, by the server's word; nothing is recorded. */
  tryOut(signed: Signed): Promise<Trial> {
    const asked = this.#http.postSigned(this.#path("/trials"), requestOf(signed), this.#asks());
    return told(asked, readTrial);
  }

  /** A case, as the party may see it, by the server's word. */
  async case(id: string): Promise<Case> {
    const found = await told(this.#http.get(this.#path(`/cases/${idOf(id)}`), "", this.#asks()), readCase);
    return found.case === id ? found : refuse("answer", "the server told of another case");
  }

  /** Open cases that the party takes part in, or may: one page, from `next` of the one before. */
  cases(cursor?: string): Promise<Page<CaseRow>> {
    return this.#page("/cases", cursor, readCaseRow);
  }

  /** Steps that wait for the party: one page. */
  waiting(cursor?: string): Promise<Page<WaitingRow>> {
    return this.#page("/waiting", cursor, readWaitingRow);
  }

  /**
   * Follows what waits for the party until the stream ends, as it does every minute. Whoever goes on gives
   * the same `seen` again, so that nothing is told twice.
   */
  async *followWaiting(seen: { last?: string } = {}): AsyncGenerator<WaitingEvent, void> {
    const events = this.#http.events(this.#path("/waiting/events"), seen.last, this.#asks());
    for await (const { name, id, data } of events) {
      const event = refusedAs("answer", () => readWaitingEvent(name, parseJson(data)));
      if (event !== undefined) yield event;
      if (id !== undefined) seen.last = id;
    }
  }

  /** Policies in force, and those that open cases still follow: their files, held against their digests. */
  async policies(): Promise<readonly PolicyRow[]> {
    const { items } = await this.#page("/policies", undefined, readPolicyRow);
    for (const row of items) this.#adopted.set(row.policy, adoptedOf(row));
    return items;
  }

  /** Whose a key of one's own party is. */
  key(id: string): Promise<KeyRow> {
    return told(this.#http.get(this.#path(`/keys/${idOf(id)}`), "", this.#asks()), readKeyRow);
  }

  /** A token that stands for the party's key for some minutes: `connect(url, {token, …})`. */
  token(): Promise<Token> {
    return told(this.#http.postSigned(this.#path("/tokens"), utf8("{}"), this.#asks()), readToken);
  }

  /** Signs the opening of a case, under a policy named by its name or its digest. */
  async opening(words: OpeningWords & Said & { readonly policy: string }): Promise<Signed> {
    const adopted = await this.#policy(words.policy);
    return this.#sign(draftOpening(await this.#speaker(words), adopted, words), words);
  }

  /** Signs that the party took a step of a case. */
  async attestation(words: StepWords & Said & { readonly case: string }): Promise<Signed> {
    const [found, adopted] = await this.#found(words.case);
    return this.#sign(draftStep(await this.#speaker(words), adopted, found, words), words);
  }

  /** Signs that the party refuses a step, which ends the case. */
  async refusal(words: RefusalWords & Said & { readonly case: string }): Promise<Signed> {
    const [found, adopted] = await this.#found(words.case);
    return this.#sign(draftRefusal(await this.#speaker(words), adopted, found, words), words);
  }

  /** Signs that the party takes a standing step of its own back. */
  async withdrawal(words: RefusalWords & Said & { readonly case: string }): Promise<Signed> {
    const found = await this.case(words.case);
    return this.#sign(draftWithdrawal(await this.#speaker(words), found, words), words);
  }

  /** Signs what an observer has read off a chain. */
  async reading(words: ReadingWords & Said): Promise<Signed> {
    const { and: _and, seen: _seen, ...read } = words;
    return this.#sign(draftReading(await this.#speaker(words), read), words);
  }

  /** The party whose key signs, as the ledger knows it. */
  async party(): Promise<string> {
    const id = keyOf(this.#own()).id;
    return (this.#party ??= (await this.key(id)).owner);
  }

  #path(of: string): string {
    return `/v1/ledgers/${this.id}${of}`;
  }

  #asks(): Asks {
    return { ledger: this.id, signer: this.#signer };
  }

  #own(): Signer {
    return this.#signer ?? refuse("signing", "only a party can say this: connect with `key` and `sign`");
  }

  #page<T>(of: string, cursor: string | undefined, read: (value: Json | undefined) => T): Promise<Page<T>> {
    const query = cursor === undefined ? "" : `cursor=${encodeURIComponent(cursor)}`;
    return told(this.#http.get(this.#path(of), query, this.#asks()), (page) => readPage(page, read));
  }

  async #policy(named: string): Promise<Adopted> {
    // By digest it stays what it is; by name another may be in force by now.
    const known = this.#adopted.get(named);
    if (known !== undefined) return known;
    // A case keeps its policy after another has taken its place; by name, only what is in force is found.
    const row = (await this.policies()).find(
      ({ policy, in_force }) =>
        policy === named || (in_force && this.#adopted.get(policy)?.layout.name === named),
    );
    const found = row && this.#adopted.get(row.policy);
    return found ?? refuse("policy_unknown", `no policy \`${named}\` is in force`);
  }

  async #found(id: string): Promise<readonly [Case, Adopted]> {
    const found = await this.case(id);
    return [found, await this.#policy(found.policy ?? refuse("policy_unknown", "the case names no policy"))];
  }

  async #speaker({ seen }: Said): Promise<Speaker> {
    return { ledger: this.id, party: await this.party(), now: this.#now(), seen };
  }

  #sign(draft: Draft, { and = [] }: Said): Promise<Signed> {
    return signDraft(draft, [this.#own(), ...and]);
  }

  #checkEntered(entered: Entered, attestation: string): Entered {
    const { ledger, receipt, records } = entered;
    if (ledger !== this.id) refuse("answer", `an answer of ledger ${ledger}`);
    if (receipt === null) {
      return refuse("no_receipt", "an answer without a receipt: whether it counts is not known");
    }
    const { result } = this.#checkReceipt(receipt, attestation).item;
    const first = records[0];
    if (!("recorded" in result)) return refuse("receipt", "the receipt says that it was refused");
    if (first?.leaf !== result.recorded.leaf || first.index !== result.recorded.index) {
      return refuse("receipt", "the receipt is for another record than the answer tells of");
    }
    return entered;
  }

  #checkRefused(receipt: AcceptedReceipt | undefined, attestation: string): void {
    // A refusal that is not on record has none.
    if (receipt === undefined) return;
    const { result } = this.#checkReceipt(receipt, attestation).item;
    if (!("refused" in result)) refuse("receipt", "the receipt says that it was recorded");
  }

  #checkReceipt(receipt: AcceptedReceipt, attestation: string): AcceptedReceipt {
    refusedAs("receipt", () => checkAccepted(receipt, this.id, this.genesis.appender));
    if (receipt.item.attestation !== attestation) {
      return refuse("receipt", "the receipt is for another attestation");
    }
    return receipt;
  }
}

/** The command that hands a submission in (`case.md` §1). */
function requestOf({ submission }: Signed): Uint8Array {
  return canonicalBytes({ submit: submission });
}

/** A request with its documents (RFC 7578): parts `request` and `document`. */
function formOf(request: Uint8Array, documents: readonly Uint8Array[]): FormData {
  const form = new FormData();
  const blob = (bytes: Uint8Array): Blob => new Blob([Uint8Array.from(bytes)]);
  form.append("request", blob(request), "request");
  for (const document of documents) form.append("document", blob(document), "document");
  return form;
}
