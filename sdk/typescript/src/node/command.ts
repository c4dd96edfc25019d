import { Refusal } from "../refusal.js";

/** What the commands have in common: data on stdout, the rest on stderr, and three exit codes. */

/** 0 yes, 1 no, 2 could not tell. */
export type ExitCode = 0 | 1 | 2;

/** Runs a command and ends with its exit code; 2 with a message where it throws. */
export async function runCommand(command: () => Promise<ExitCode>, hint: string): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const told = error instanceof Refusal ? `${error.code}: ${error.message}` : String(error);
    process.stderr.write(`${told}\nhint: ${hint}\n`);
    process.exitCode = 2;
  }
}
