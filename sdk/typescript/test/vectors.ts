import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseJson, type Json } from "../src/canonical.js";

const FOLDER = new URL("../../../../vectors/", import.meta.url);

/** The bytes of a file of `vectors/`. */
export function vectorBytes(file: string): Uint8Array {
  return readFileSync(fileURLToPath(new URL(file, FOLDER)));
}

/** A file of `vectors/`, of the shape that the caller states: vectors are our own, not outside bytes. */
export function vectors<T>(file: string): T {
  return parseJson(readFileSync(fileURLToPath(new URL(file, FOLDER)), "utf8")) as T;
}

/** A field of vectors that is handed to a reader of JSON as it stands. */
export type Given = Json;
