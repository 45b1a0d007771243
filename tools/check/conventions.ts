import { readFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, extname, join, posix } from "node:path";
import { listFiles } from "./git.ts";
import { root } from "./run-command.ts";

type SourceFile = Readonly<{ path: string; lines: readonly string[] }>;

/** A habit of this house that no linter knows: answers what breaks it, without the place. */
type Rule = (file: SourceFile) => readonly Readonly<{ line?: number; problem: string }>[];

const codeExtensions = new Set([".ts", ".js", ".cjs", ".mjs", ".sql"]);
const binaryExtensions = new Set([".png", ".jpg", ".jpeg", ".webp", ".ico", ".pdf", ".woff2", ".gz", ".bin"]);
const maxLines = 300;
/** A table of cases is read row by row, not as a whole. */
const maxTestLines = 500;

/** Files that may be longer than the rest, and why. */
const longFiles: Readonly<Record<string, string>> = {
  "services/availability/migrations/0002-reservations.sql":
    "the functions of one transaction, which call each other and are read together",
};

/** Who may read the environment: programs when they start, tests (for the programs that they start), and the tools around the platform. */
const mayReadEnvironment =
  /^(tools|bench)\/|^packages\/testkit\/|^(packages|services)\/[^/]+\/src\/(main|admin)\.ts$|^jest\.[a-z.]*config\.js$|\.test\.ts$/;

const rules: readonly Rule[] = [
  environmentOnlyAtTheEdge,
  noCatchAllFolders,
  noPathsOfOneMachine,
  noRegistryHosts,
  notTooLong,
  noSilencedCompiler,
];

/** Finds what breaks the habits of this house, one line each: `path:line: problem`. */
export async function findUnconventional(): Promise<readonly string[]> {
  const paths = await listFiles();
  const found: string[] = [];
  for (const path of paths) {
    if (binaryExtensions.has(extname(path))) continue;
    const content = await readFile(join(root, path), "utf8").catch(missingAsEmpty);
    found.push(...checkFile({ path, lines: content.split("\n") }));
    if (path.endsWith(".md")) found.push(...brokenLinks(path, content, paths));
  }
  found.push(...(await lockProblems()));
  return found;
}

/** Applies every rule to one file. */
export function checkFile(file: SourceFile): readonly string[] {
  return rules.flatMap((rule) =>
    rule(file).map(({ line, problem }) => `${file.path}${line === undefined ? "" : `:${line}`}: ${problem}`),
  );
}

/** Relative links of a page that lead to no file of the repository. */
export function brokenLinks(path: string, content: string, paths: readonly string[]): readonly string[] {
  const prose = content.replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ""));
  const targets = [...prose.matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)].map((match) => match[1] ?? "");
  return targets
    .filter((target) => target !== "" && !/^[a-z][a-z+.-]*:/i.test(target))
    .map((target) => ({ target, full: posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, "") }))
    .filter(({ full }) => full !== "." && !paths.some((known) => known === full || known.startsWith(`${full}/`)))
    .map(({ target }) => `${path}: the link to ${target} leads nowhere`);
}

function environmentOnlyAtTheEdge({ path, lines }: SourceFile): ReturnType<Rule> {
  if (!isCode(path) || !/^(packages|services)\//.test(path) || mayReadEnvironment.test(path)) return [];
  return matching(
    lines,
    /^(?!\s*(\/\/|\*|\/\*)).*process\.env\b/,
    "only main.ts reads process.env; take a value instead",
  );
}

function noCatchAllFolders({ path }: SourceFile): ReturnType<Rule> {
  const folder = dirname(path)
    .split("/")
    .find((name) => /^(utils?|common|helpers?|misc)$/.test(name));
  return folder === undefined ? [] : [{ problem: `a folder is named by its job, not ${folder}` }];
}

function noPathsOfOneMachine({ path, lines }: SourceFile): ReturnType<Rule> {
  if (path === "package-lock.json") return [];
  const own = [root.replace(/\/$/, ""), dirname(root.replace(/\/$/, "")), homedir()]
    .filter((folder) => !["/", tmpdir(), "/tmp", "/home", "/Users"].includes(folder))
    .map((folder) => folder.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const homes = ["/home/[a-z][a-z0-9-]*/", "/Users/[A-Za-z]+/"];
  return matching(
    lines,
    new RegExp(`(^|[\\s"'\`(=:])(${[...own, ...homes].join("|")})(?![\\w.-])|${homes.join("|")}`),
    "a path of one machine",
  );
}

function noRegistryHosts({ lines }: SourceFile): ReturnType<Rule> {
  return matching(
    lines,
    /registry\.(npmjs|yarnpkg|npmmirror)\.|npm\.pkg\.github\.|"resolved": "https?:/,
    "the host of a package registry",
  );
}

function notTooLong({ path, lines }: SourceFile): ReturnType<Rule> {
  const count = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  const limit = /\.test\.ts$|\/test\//.test(path) ? maxTestLines : maxLines;
  if (count <= limit || !isCode(path) || longFiles[path] !== undefined) return [];
  return [{ problem: `${count} lines; split it, or say in tools/check/conventions.ts why not` }];
}

function noSilencedCompiler({ path, lines }: SourceFile): ReturnType<Rule> {
  if (!path.endsWith(".ts")) return [];
  return matching(
    lines,
    /^\s*(\/\/|\/?\*)\s*@ts-(ignore|nocheck|expect-error)\b/,
    "the compiler is not to be silenced",
  );
}

function matching(lines: readonly string[], pattern: RegExp, problem: string): ReturnType<Rule> {
  return lines.flatMap((text, at) => (pattern.test(text) ? [{ line: at + 1, problem }] : []));
}

function isCode(path: string): boolean {
  return codeExtensions.has(extname(path)) && !path.startsWith("gen/");
}

/** npm ci refuses a lock that is out of step; better to hear of it here than on a fresh clone. */
async function lockProblems(): Promise<readonly string[]> {
  type Manifest = Readonly<Record<string, unknown>>;
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, Manifest>;
  };
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest;
  const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;
  return kinds
    .filter((kind) => JSON.stringify(lock.packages[""]?.[kind] ?? {}) !== JSON.stringify(manifest[kind] ?? {}))
    .map((kind) => `package-lock.json: out of step with the ${kind} of package.json`);
}

/** A file that is deleted but not yet committed as such has nothing to check. */
function missingAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT" || error.code === "EISDIR") return "";
  throw error;
}
