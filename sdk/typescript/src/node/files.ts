import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReadFile } from "../log/check.js";

/** Files of a log in a folder. */
export function filesIn(folder: string): ReadFile {
  return async (path) => {
    try {
      return await readFile(join(folder, path));
    } catch (error) {
      if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return undefined;
      throw error;
    }
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
