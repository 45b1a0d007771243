import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describeConfig } from "@dawr/config";
import { services } from "../../services/standalone/src/services.ts";
import { root, runScript } from "../check/run-command.ts";
import { renderSettings, type Section } from "./page.ts";

// Writes docs/settings.md, the page of all environment variables; with --check only says whether it is up to date.
const path = "docs/settings.md";
const own: readonly Section[] = services.map(({ name, config }) => ({
  title: name,
  about: `The ${name} service's own.`,
  lines: describeConfig(config),
}));
// What is left of a service's help without its own variables is what every service reads.
const { stdout } = await runScript("services/catalog/src/main.ts", ["--help"]);
const catalogs = new Set(Object.keys(services.find(({ name }) => name === "catalog")?.config ?? {}));
const shared: Section = {
  title: "Every service",
  about:
    "The database and the encryption keys only where a service has a database (all but the gateway). `<SERVICE>_ADDRESS` names another service, such as `IDENTITY_ADDRESS`.",
  lines: [
    ...stdout
      .split("\n")
      .filter((line) => /^ {2}[A-Z][A-Z_]+ /.test(line) && !catalogs.has(line.trim().split(" ")[0] ?? "")),
    "<SERVICE>_ADDRESS  where another service is, when it runs alone; a gRPC target or host:port; default dns:///<service>:50051",
  ],
};
const page = renderSettings([shared, ...own]);

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
