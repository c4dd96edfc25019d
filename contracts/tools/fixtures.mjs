// Writes test/fixtures/rotation.json: a rotation as the ledger records it, spelled by a JSON writer and hashed by
// Node, so that the contract's own spelling is compared with one that it did not make.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url);
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** RFC 8785 for what stands here: ASCII strings and small integers. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.keys(value).sort();
  return `{${fields.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

const vectors = JSON.parse(readFileSync(here("../../vectors/certificate.json"), "utf8"));
const { committee } = vectors.committees.find((entry) => entry.committee.epoch === 6);
const action = canonical({ rotate: { cosigners: committee.members, threshold: committee.threshold } });
const caseId = sha256("a governance case");
const prev = sha256("the record resolved");
const body = canonical({ enacted: { action: hex(sha256(action)), case: hex(caseId), prev: hex(prev) } });
const salt = sha256("a salt");
const time = 1795161602000;
const leaf = Buffer.alloc(41, 1);
leaf.writeBigUInt64BE(BigInt(time), 1);
sha256(salt, body).copy(leaf, 9);

const fixture = {
  action,
  body,
  case: hex(caseId),
  leaf_hash: hex(sha256(Buffer.of(0), leaf)),
  members: committee.members,
  prev: hex(prev),
  salt: hex(salt),
  threshold: committee.threshold,
  time,
};
writeFileSync(here("../test/fixtures/rotation.json"), `${JSON.stringify(fixture, null, 2)}\n`);
