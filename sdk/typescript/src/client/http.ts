import { concat, fromUtf8, hex } from "../bytes.js";
import { parseJson, type Json } from "../canonical.js";
import { refuse, refusedAs, Refusal } from "../refusal.js";
import { ProblemError, readProblem } from "./problem.js";
import { random32 } from "./draft.js";
import { eventsOf, type ServerEvent } from "./events.js";
import { signRequest, type Parts } from "./request.js";
import type { Signer } from "./signer.js";

/** HTTP to one server, by `fetch`: bounded in time and length, no redirects, no cookies. */

/** Longest answer that is read. */
const ANSWER_BYTES_MAX = 64 * 1_048_576;
const TIMEOUT_MS = 30_000;
/** A stream that is silent for longer than any server is has broken. */
const SILENCE_MS = 45_000;
const TOKEN = /^[\x21-\x7e]{1,256}$/;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpOptions {
  /** In place of the platform's own; it is this that knows TLS roots and proxies. */
  readonly fetch?: Fetch | undefined;
  /** A token to send with questions, in place of signatures. */
  readonly token?: string | undefined;
  /** How long one question may take. */
  readonly timeoutMs?: number | undefined;
  /** This machine's clock, in ms since 1970; a server takes what was signed in the last minute of its own. */
  readonly now?: (() => number) | undefined;
}

/** Who signs a question, and for which ledger. */
export interface Asks {
  readonly ledger: string;
  readonly signer: Signer | undefined;
}

export interface Http {
  /** Asks; signed where somebody `asks`. */
  get(path: string, query?: string, asks?: Asks): Promise<Json>;
  /** The same for what is read as bytes. */
  getBytes(path: string, query: string, asks: Asks): Promise<Uint8Array>;
  /** Follows a stream of events, from what `last` stands for on, to its end. */
  events(path: string, last: string | undefined, asks: Asks): AsyncGenerator<ServerEvent, void>;
  /** Hands a body in that nobody signs, of JSON or as a form. */
  post(path: string, body: Uint8Array | FormData): Promise<Json>;
  /** Hands a body of JSON in, signed. */
  postSigned(path: string, body: Uint8Array, asks: Asks): Promise<Json>;
}

/** A server by its address; refuses (`url`) any but `https:`, and `http:` of this machine. */
export function httpOf(url: string, options: HttpOptions): Http {
  const base = addressOf(url);
  const ask = options.fetch ?? ((url: string, init: RequestInit) => fetch(url, init));
  const { token, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  if (token !== undefined && !TOKEN.test(token)) refuse("token", "the token is of another form");
  const authority = base.host.toLowerCase();

  async function send(
    parts: Parts,
    headers: Record<string, string>,
    form?: FormData,
  ): Promise<Uint8Array> {
    const init = initOf(parts.method, headers, AbortSignal.timeout(timeoutMs));
    const body = form ?? parts.body;
    // A copy: `fetch` takes bytes of an `ArrayBuffer` only, and ours may be a window of another.
    if (body !== undefined) init.body = body instanceof Uint8Array ? Uint8Array.from(body) : body;
    try {
      return await read(await ask(urlOf(parts), init));
    } catch (error) {
      throw downOr(error);
    }
  }

  const urlOf = ({ path, query }: Parts): string => `${base.origin}${path}${query === "" ? "" : "?"}${query}`;

  async function* events(
    path: string,
    last: string | undefined,
    asks: Asks,
  ): AsyncGenerator<ServerEvent, void> {
    const parts: Parts = { method: "GET", authority, path, query: "" };
    const from = last === undefined ? {} : { "last-event-id": last };
    const headers = { ...(await askedBy(parts, asks)), ...from, accept: "text/event-stream" };
    const silence = new AbortController();
    const patience = (): ReturnType<typeof setTimeout> =>
      setTimeout(() => silence.abort(new Error("the stream has fallen silent")), SILENCE_MS);
    let timer = patience();
    try {
      const response = await ask(urlOf(parts), initOf("GET", headers, silence.signal));
      const streams = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      if (response.status !== 200 || !streams) {
        await read(response);
        refuse("answer", "no stream of events");
      }
      yield* eventsOf(
        chunksOf(response, () => {
          clearTimeout(timer);
          timer = patience();
        }),
      );
    } catch (error) {
      throw downOr(error);
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
  }

  async function askedBy(parts: Parts, asks: Asks): Promise<Record<string, string>> {
    if (token !== undefined) return { authorization: `Bearer ${token}` };
    return signedHeaders(parts, asks);
  }

  async function signedHeaders(parts: Parts, { ledger, signer }: Asks): Promise<Record<string, string>> {
    if (signer === undefined) {
      return refuse("signing", "only a party may ask this: connect with `key` and `sign`");
    }
    const once = { created: Math.floor(now() / 1_000), nonce: hex(random32().subarray(0, 24)) };
    return { ...(await signRequest(parts, ledger, signer, once)) };
  }

  async function getBytes(path: string, query: string, asks?: Asks): Promise<Uint8Array> {
    const parts: Parts = { method: "GET", authority, path, query };
    return send(parts, asks === undefined ? {} : await askedBy(parts, asks));
  }

  return {
    events,
    getBytes,
    async get(path, query = "", asks) {
      return jsonOf(await getBytes(path, query, asks));
    },
    async post(path, body) {
      const parts: Parts = { method: "POST", authority, path, query: "" };
      // The type of a form names its boundary, which only `fetch` knows.
      if (body instanceof FormData) return jsonOf(await send(parts, {}, body));
      return jsonOf(await send({ ...parts, body }, { "content-type": "application/json" }));
    },
    async postSigned(path, body, asks) {
      const parts: Parts = { method: "POST", authority, path, query: "", body };
      const headers = { "content-type": "application/json", ...(await signedHeaders(parts, asks)) };
      return jsonOf(await send(parts, headers));
    },
  };
}

function initOf(method: string, headers: Record<string, string>, signal: AbortSignal): RequestInit {
  return {
    method,
    headers: { accept: "application/json", ...headers },
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
    signal,
  };
}

/** What `fetch` throws means that nobody answers; what is thrown here means what it says. */
function downOr(error: unknown): unknown {
  if (error instanceof ProblemError || error instanceof Refusal) return error;
  return new Refusal("down", `the server does not answer: ${reasonOf(error)}`, { cause: error });
}

/** The bytes of an answer as they come; each time somebody is told. */
async function* chunksOf(response: Response, came: () => void): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const part = await reader?.read();
      if (part?.value === undefined) return;
      came();
      yield part.value;
    }
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
}

function addressOf(text: string): URL {
  const refused = (what: string): never => refuse("url", `\`${text}\` is refused: ${what}`);
  if (!URL.canParse(text)) return refused("it is no URL");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || url.pathname !== "/" || url.search + url.hash !== "") {
    return refused("expected scheme, host and port only");
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    return refused("without TLS only this machine is asked");
  }
  return url.protocol === "https:" || url.protocol === "http:" ? url : refused("expected `https://`");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** What `fetch` says is little; the reason is behind it. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

async function read(response: Response): Promise<Uint8Array> {
  const bytes = await readAll(response);
  if (response.status === 200) return bytes;
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("application/problem+json")) {
    const problem = refusedAs("answer", () => readProblem(jsonOf(bytes)));
    if (problem.status !== response.status) refuse("answer", "the problem is of another status");
    throw new ProblemError(problem);
  }
  return refuse(response.status >= 500 ? "down" : "answer", `HTTP ${response.status}`);
}

function jsonOf(bytes: Uint8Array): Json {
  return refusedAs("answer", () => parseJson(fromUtf8(bytes)));
}

async function readAll(response: Response): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) return concat(...parts);
    length += part.value.length;
    if (length > ANSWER_BYTES_MAX) {
      await reader?.cancel();
      refuse("answer", `an answer of more than ${ANSWER_BYTES_MAX} bytes`);
    }
    parts.push(part.value);
  }
}
