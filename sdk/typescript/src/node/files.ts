import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ListFiles, ReadFile } from "../log/check.js";

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

/** Names in a folder below a folder; none where it is not there. */
export function namesIn(folder: string): ListFiles {
  return async (path) => {
    try {
      return await readdir(join(folder, path));
    } catch (error) {
      if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return [];
      throw error;
    }
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
