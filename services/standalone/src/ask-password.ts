import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { StandaloneError } from "./standalone-error.ts";

/** Asks for a new password on the terminal, twice, without showing it; what `check` throws is told after the first time. */
export async function askPassword(check: (password: string) => Promise<void>): Promise<string> {
  if (!process.stdin.isTTY)
    throw new StandaloneError("there is no terminal to ask for a password: give it in DAWR_ADMIN_PASSWORD");
  const password = await ask("Password: ");
  await check(password);
  if ((await ask("Once more: ")) !== password) throw new StandaloneError("the two passwords differ");
  return password;
}

async function ask(question: string): Promise<string> {
  // What is typed is echoed by the line editor, so that it must write nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  try {
    const gaveUp = Promise.withResolvers<never>();
    lines.once("SIGINT", () => gaveUp.reject(new StandaloneError("given up")));
    return await Promise.race([lines.question(""), gaveUp.promise]);
  } finally {
    process.stderr.write("\n");
    lines.close();
  }
}
