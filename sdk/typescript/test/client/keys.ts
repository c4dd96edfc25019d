import { createPrivateKey, generateKeyPairSync, sign, webcrypto, type JsonWebKey } from "node:crypto";
import { generatePrivateKey } from "viem/accounts";
import { walletOf } from "../../examples/six/keys.js";
import { base64, hex } from "../../src/bytes.js";
import type { Signer } from "../../src/client/index.js";

/** Keys as parties have them, each behind another maker's signing: Node, WebCrypto, a wallet. */

function coordinate(jwk: JsonWebKey, name: "x" | "y"): string {
  return Buffer.from(jwk[name] ?? "", "base64url").toString("hex");
}

/** A key that Node's crypto holds, with its secret in PEM. */
export function ed25519Key(): Signer & { readonly pem: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const secret = createPrivateKey(pem);
  const key = { key: coordinate(publicKey.export({ format: "jwk" }), "x"), suite: "ed25519" };
  return { key, pem, sign: ({ bytes }) => sign(null, bytes, secret) };
}

/** A key that WebCrypto holds, as browsers do: it cannot be taken out, and its `s` may be high. */
export async function es256Key(): Promise<Signer> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey, publicKey } = await webcrypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
  const raw = new Uint8Array(await webcrypto.subtle.exportKey("raw", publicKey));
  const hash = { name: "ECDSA", hash: "SHA-256" };
  return {
    key: { key: hex(raw), suite: "es256" },
    sign: async ({ bytes }) => new Uint8Array(await webcrypto.subtle.sign(hash, privateKey, bytes)),
  };
}

/** A key in a wallet. */
export function eip712Key(secret: `0x${string}` = generatePrivateKey()): Signer {
  return walletOf(secret);
}

/** Any text in base64: what a liar puts in place of another. */
export function someBase64(length: number): string {
  return base64(new Uint8Array(length));
}
