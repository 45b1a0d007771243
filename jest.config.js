import { existsSync } from "node:fs";

const here = (path) => new URL(path, import.meta.url).pathname;
const setup = "packages/testkit/src/global-setup.ts";
const teardown = "packages/testkit/src/global-teardown.ts";

/** The settings of every test run; jest.slow.config.js differs only in which files it takes. */
export const common = {
  rootDir: here("."),
  roots: ["packages", "services", "tools", "bench"]
    .filter((folder) => existsSync(here(folder)))
    .map((f) => `<rootDir>/${f}`),
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  moduleFileExtensions: ["ts", "js", "mjs", "cjs", "json", "node"],
  modulePathIgnorePatterns: ["/\\.dawr/"],
  // Only our own TypeScript is transformed: generated code and libraries are JavaScript that Node reads as it is.
  transform: {
    "\\.ts$": [
      "@swc/jest",
      {
        swcrc: false,
        jsc: {
          parser: { syntax: "typescript" },
          target: "esnext",
          keepClassNames: true,
          experimental: { keepImportAttributes: true },
        },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
  ...(existsSync(here(setup)) ? { globalSetup: `<rootDir>/${setup}` } : {}),
  ...(existsSync(here(teardown)) ? { globalTeardown: `<rootDir>/${teardown}` } : {}),
  setupFilesAfterEnv: ["<rootDir>/tools/jest/setup.ts"],
  maxWorkers: 2,
  testTimeout: 30_000,
};

export default {
  ...common,
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "\\.slow\\.test\\.ts$"],
};
