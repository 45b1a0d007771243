import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "@jest/globals";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A house in small where each file breaks one rule, named in the comment beside it, or none. */
const house: Readonly<Record<string, string>> = {
  "packages/config/src/index.ts": `export const c = 1; export type C = number;`,
  "packages/config/src/upward.ts": `export { s } from "../../store/src/index.ts";`,
  "packages/store/src/index.ts": `export { c } from "../../config/src/index.ts"; export const s = 1;`,
  "packages/store/src/business.ts": `export * from "../../../services/booking/src/service.ts";`,
  "packages/store/src/tooling.ts": `export const load = () => import("../../../tools/tool.ts");`,
  "packages/store/src/round.ts": `import "./trip.ts";`,
  "packages/store/src/trip.ts": `import "./round.ts";`,
  "packages/store/src/lost.ts": `import "./nowhere.ts";`,
  "packages/store/src/unlisted.ts": `import "yargs-parser";`,
  "packages/testkit/src/index.ts": `import "fast-check"; export const t = 1;`,
  "services/booking/src/service.ts": `import { c } from "../../../packages/config/src/index.ts"; import pg from "pg"; export const b = [c, pg];`,
  "services/booking/src/neighbour.ts": `import type { P } from "../../payment/src/service.ts"; export type N = P;`,
  "services/booking/src/upstairs.ts": `import "../../standalone/src/start.ts";`,
  "services/booking/src/main.ts": `import "./service.ts";`,
  "services/booking/src/second-main.ts": `import "./main.ts";`,
  "services/booking/src/dev.ts": `import "fast-check"; import type { Arbitrary } from "jest"; export type A = Arbitrary;`,
  "services/booking/src/kit.ts": `import "../../../packages/testkit/src/index.ts";`,
  "services/booking/src/leak.ts": `import "./service.test.ts";`,
  "services/booking/src/service.test.ts": `import "./service.ts"; import "../../../packages/testkit/src/index.ts"; import "fast-check";`,
  "services/booking/src/domain/good.ts": `import "./rule.ts";`,
  "services/booking/src/domain/rule.ts": `export const r = 1;`,
  "services/booking/src/domain/rule.test.ts": `import "./rule.ts"; import "fast-check"; import "node:fs";`,
  "services/booking/src/domain/node.ts": `import "node:fs";`,
  "services/booking/src/domain/library.ts": `import "pg";`,
  "services/booking/src/domain/outward.ts": `export type { b } from "../service.ts";`,
  "services/payment/src/service.ts": `export type P = number;`,
  "services/standalone/src/start.ts": `import "../../booking/src/service.ts"; import "../../payment/src/service.ts";`,
  "gen/dawr/a.js": `import "../../packages/config/src/index.ts";`,
  "tools/tool.ts": `import "../packages/testkit/src/index.ts"; import "fast-check";`,
};

const refused = [
  "domain-imports-domain-only: services/booking/src/domain/library.ts",
  "domain-imports-domain-only: services/booking/src/domain/node.ts",
  "domain-imports-domain-only: services/booking/src/domain/outward.ts",
  "generated-imports-generated: gen/dawr/a.js",
  "house-not-to-tools: packages/store/src/tooling.ts",
  "layer-of-config: packages/config/src/upward.ts",
  "no-circular: packages/store/src/round.ts",
  "nobody-imports-main: services/booking/src/second-main.ts",
  "nobody-imports-standalone: services/booking/src/upstairs.ts",
  "nothing-unresolved: packages/store/src/lost.ts",
  "only-listed-dependencies: packages/store/src/unlisted.ts",
  "packages-not-to-services: packages/store/src/business.ts",
  "services-not-to-services: services/booking/src/neighbour.ts",
  "services-not-to-services: services/booking/src/upstairs.ts",
  "sources-not-to-dev-dependencies: services/booking/src/dev.ts",
  "sources-not-to-testkit: services/booking/src/kit.ts",
  "sources-not-to-tests: services/booking/src/leak.ts",
];

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dawr-boundaries-"));
  for (const [path, content] of Object.entries(house)) {
    await mkdir(join(folder, dirname(path)), { recursive: true });
    await writeFile(join(folder, path), `${content}\n`);
  }
  await copyFile(join(root, ".dependency-cruiser.cjs"), join(folder, ".dependency-cruiser.cjs"));
  await copyFile(join(root, "package.json"), join(folder, "package.json"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test("given a house where every boundary is crossed once, when cruised, then each crossing is refused and nothing else", async () => {
  const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  const args = ["--config", ".dependency-cruiser.cjs", "--output-type", "json", "packages", "services", "gen", "tools"];
  const { stdout } = await promisify(execFile)(process.execPath, [cruiser, ...args], {
    cwd: folder,
    maxBuffer: 1e8,
  });
  expect([...new Set(violationsIn(stdout))].sort()).toEqual(refused);
});

function violationsIn(report: string): readonly string[] {
  const { summary } = JSON.parse(report) as { summary: { violations: { from: string; rule: { name: string } }[] } };
  return summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`);
}
