import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { Signer } from "@lockstep/verifier/client";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

/** Keys in files of their institution: the secret in PEM, or in hexadecimal digits where a wallet has it. */

const CURVES = { ed25519: undefined, es256: "P-256" } as const;

/** The key of `NAME.key`, which signs wherever it is asked. */
export function signerOf(name: string): Signer {
  const secret = readFileSync(`${name}.key`, "utf8").trim();
  if (secret.startsWith("0x")) return walletOf(secret as `0x${string}`);
  const key = createPrivateKey(secret);
  const suite = key.asymmetricKeyType === "ed25519" ? "ed25519" : "es256";
  // What WebCrypto and devices give: r and s, not the DER of OpenSSL.
  const given = { key, dsaEncoding: "ieee-p1363" } as const;
  const hash = suite === "ed25519" ? null : "sha256";
  return { key: { key: publicHex(key), suite }, sign: ({ bytes }) => sign(hash, bytes, given) };
}

function publicHex(key: KeyObject): string {
  const { x = "", y } = createPublicKey(key).export({ format: "jwk" });
  const coordinates = [x, ...(y === undefined ? [] : [y])];
  const digits = coordinates.map((part) => Buffer.from(part, "base64url").toString("hex")).join("");
  return y === undefined ? digits : `04${digits}`;
}

/** A key in a wallet, which is shown typed data and makes the hash itself. */
export function walletOf(secret: `0x${string}`): Signer {
  const account = privateKeyToAccount(secret);
  return {
    key: { key: account.address.slice(2).toLowerCase(), suite: "eip712" },
    sign: async ({ typed }) => {
      if (typed === undefined) throw new Error("a wallet signs typed data");
      const { EIP712Domain: _, ...types } = typed.types;
      const data = { ...typed, types: types as Record<string, { name: string; type: string }[]> };
      return Buffer.from((await account.signTypedData(data)).slice(2), "hex");
    },
  };
}

/** Makes `NAME.key`, and `NAME.key.pub` as `lockstep key new` does. */
export function newKey(suite: string, name: string): void {
  writeFileSync(`${name}.key`, secretOf(suite), { mode: 0o600, flag: "wx" });
  writeFileSync(`${name}.key.pub`, JSON.stringify(signerOf(name).key), { flag: "wx" });
}

function secretOf(suite: string): string {
  if (suite === "eip712") return generatePrivateKey();
  if (suite !== "ed25519" && suite !== "es256") throw new Error(`no suite \`${suite}\``);
  const namedCurve = CURVES[suite];
  const { privateKey } =
    namedCurve === undefined ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve });
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}
