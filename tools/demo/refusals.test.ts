import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const script = fileURLToPath(new URL("./main.ts", import.meta.url));
const nobody = "http://localhost:1";

/** Answers everything as a platform without a market would: well, and with nothing in it. */
let server: Server;
let empty = "";

beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(200, { "content-type": "application/proto" }).end());
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const address = server.address();
  empty = `http://localhost:${typeof address === "object" ? address?.port : ""}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test.each([
  ["a target without its sandbox", () => ["--target", empty], 2, "give both"],
  ["a sandbox without its target", () => ["--sandbox", empty], 2, "give both"],
  ["a target that is not there", () => ["--target", nobody, "--sandbox", empty], 1, "no gateway answers"],
  ["a target that is no address", () => ["--target", "localhost", "--sandbox", empty], 1, "no gateway answers"],
  ["a sandbox that is not there", () => ["--target", empty, "--sandbox", nobody], 1, "no sandbox answers"],
  ["a platform without a market", () => ["--target", empty, "--sandbox", empty], 1, "without --no-demo"],
])("given %s, when the demo is played, then it says so in one line", async (_, flags, code, said) => {
  const ended = await new Promise((resolve) => {
    execFile(process.execPath, ["--disable-warning=ExperimentalWarning", script, ...flags()], (error, out, err) =>
      resolve({ code: error?.code, lines: `${out}${err}`.trim().split("\n") }),
    );
  });
  expect(ended).toEqual({ code, lines: [expect.stringContaining(said)] });
});
