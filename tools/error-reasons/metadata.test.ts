import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { listFiles } from "../check/git.ts";
import { root } from "../check/run-command.ts";

// The store's errors have a text before their metadata.
const refusal = /\b(new \w+Error|platformRefusal)\(\s*"([A-Z_]+)",\s*(?:"[^"]*",\s*\{\s*metadata:\s*)?\{/g;
const ofPlatform = new Set(["platformRefusal", "new PlatformError", "new StoreError"]);

const page = await readFile(join(root, "docs/errors.md"), "utf8");
const documented = keysByReason(page);
const refusals = (await sources()).flatMap(({ path, text }) => refusalsIn(path, text));

test("given every refusal in the source, then the page of reasons names the keys of its metadata", () => {
  expect(refusals.length).toBeGreaterThan(100);
  const unknown = refusals.flatMap(({ path, domain, reason, keys }) =>
    keys
      .filter((key) => documented.get(`${domain}/${reason}`)?.has(key) !== true)
      .map((key) => `${path}: ${domain}/${reason} tells ${key}`),
  );
  expect(unknown).toEqual([]);
});

test("given every key of metadata, then it is in snake_case", () => {
  const odd = refusals.flatMap(({ path, keys }) =>
    keys.filter((key) => !/^[a-z]+(_[a-z]+)*$/.test(key)).map((key) => [path, key]),
  );
  expect(odd).toEqual([]);
});

test("given a refusal over several lines, when read, then its keys are found", () => {
  const text =
    'throw new BookingError(\n  "SLOT_TAKEN",\n  { state, start_time: from({ a: 1, b: [2, 3] }).a, last: f({ x: 1 }) },\n);';
  expect(refusalsIn("services/booking/src/x.ts", text)).toEqual([
    {
      path: "services/booking/src/x.ts",
      domain: "booking.dawr",
      reason: "SLOT_TAKEN",
      keys: ["state", "start_time", "last"],
    },
  ]);
});

test("given a refusal of the store, when read, then it is the platform's, with its keys", () => {
  const text = 'throw new StoreError("NOT_FOUND", "no row", {\n  metadata: { name },\n});';
  expect(refusalsIn("packages/store/src/x.ts", text)).toEqual([
    { path: "packages/store/src/x.ts", domain: "dawr", reason: "NOT_FOUND", keys: ["name"] },
  ]);
});

type Refusal = {
  readonly path: string;
  readonly domain: string;
  readonly reason: string;
  readonly keys: readonly string[];
};

/** The keys that the page names, by "domain/REASON". */
function keysByReason(markdown: string): ReadonlyMap<string, ReadonlySet<string>> {
  const keys = new Map<string, ReadonlySet<string>>();
  let domain = "";
  for (const line of markdown.split("\n")) {
    domain = /^## (\S+)$/.exec(line)?.[1] ?? domain;
    const [, reason, meaning = ""] = /^\| `([A-Z_]+)` \| (.*) \|$/.exec(line) ?? [];
    if (reason === undefined) continue;
    keys.set(`${domain}/${reason}`, new Set([...meaning.matchAll(/`([a-z_]+)`/g)].map((match) => match[1] ?? "")));
  }
  return keys;
}

async function sources(): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const paths = (await listFiles()).filter(
    (path) => /^(services|packages)\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith(".test.ts"),
  );
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })));
}

function refusalsIn(path: string, text: string): readonly Refusal[] {
  const service = /^services\/([^/]+)/.exec(path)?.[1];
  return [...text.matchAll(refusal)].map((match) => {
    const [start, thrown = "", reason = ""] = match;
    const isOfPlatform = ofPlatform.has(thrown);
    return {
      path,
      domain: isOfPlatform ? "dawr" : `${service}.dawr`,
      reason,
      keys: keysFrom(text.slice(match.index + start.length)),
    };
  });
}

/** The keys of an object literal whose brace has just been opened. */
function keysFrom(text: string): readonly string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if ("}])".includes(character)) depth -= 1;
    if (depth < 0) break;
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += depth === 0 ? character : "";
    if ("{[(".includes(character)) depth += 1;
  }
  return parts.flatMap((part) => /^\s*(\w+)\s*(?::|$)/.exec(part)?.[1] ?? []);
}
