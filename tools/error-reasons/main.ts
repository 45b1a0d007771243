import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromJsonString } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { root, runScript } from "../check/run-command.ts";
import { renderPage } from "./page.ts";
import { readReasons } from "./reasons.ts";

// Writes docs/errors.md, the page of all error reasons, from the comments of the contracts; with --check only says
// whether it is up to date.
const path = "docs/errors.md";
const { exitCode, stdout, output } = await runScript("node_modules/@bufbuild/buf/bin/buf", [
  "build",
  "--output",
  "-#format=json",
]);
if (exitCode !== 0) throw new Error(`buf build failed: ${output}`);
const page = renderPage(readReasons(fromJsonString(FileDescriptorSetSchema, stdout, { ignoreUnknownFields: true })));

if (process.argv.includes("--check")) {
  const present = await readFile(join(root, path), "utf8").catch(() => "");
  if (present !== page) {
    console.error(`${path}: out of date; run \`npm run generate\``);
    process.exitCode = 1;
  }
} else {
  await writeFile(join(root, path), page);
  console.log(`${path}: written`);
}
