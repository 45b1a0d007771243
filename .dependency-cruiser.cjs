// Who may import whom. Each rule has a trial in tools/check/boundaries.test.ts that must be refused.
const tests = "\\.test\\.ts$|^(packages|services)/[^/]+/test/";
const programs =
  "^services/[^/]+/src/main\\.ts$|^services/standalone/src/(main|admin)\\.ts$|^tools/[^/]+/main\\.ts$|^bench/main\\.ts$";

/** From the bottom to the top; a package imports only what stands before it. */
const layers = ["config", "telemetry", "store", "rpc", "events", "runtime", "testkit"];

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-circular",
      comment: "Two files that need each other are one concept, or hide a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "nothing-unresolved",
      comment: "An import that leads nowhere fails at run time, or never ran.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "services-not-to-services",
      comment: "Services know each other by contract only. Standalone, which puts them together, is the exception.",
      severity: "error",
      from: { path: "^services/([^/]+)/", pathNot: "^services/standalone/" },
      to: { path: "^services/", pathNot: "^services/$1/" },
    },
    {
      name: "nobody-imports-standalone",
      comment: "Standalone is the top of the house.",
      severity: "error",
      from: { path: "^(packages|services)/", pathNot: "^services/standalone/" },
      to: { path: "^services/standalone/" },
    },
    {
      name: "domain-imports-domain-only",
      comment: "Rules are pure functions: no library, no Node module, no generated code, no clock.",
      severity: "error",
      from: { path: "^services/([^/]+)/src/domain/", pathNot: tests },
      to: { pathNot: "^services/$1/src/domain/" },
    },
    {
      name: "packages-not-to-services",
      comment: "Packages are mechanisms without a business word in them.",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^services/" },
    },
    ...layers.map((layer, index) => ({
      name: `layer-of-${layer}`,
      comment: `packages/${layer} imports only packages below it: ${layers.slice(0, index).join(", ") || "none"}.`,
      severity: "error",
      from: { path: `^packages/${layer}/`, pathNot: tests },
      to: { path: "^packages/", pathNot: `^packages/(${layers.slice(0, index + 1).join("|")})/` },
    })),
    {
      name: "house-not-to-tools",
      comment: "What runs in production never needs the tools around it.",
      severity: "error",
      from: { path: "^(packages|services|gen)/" },
      to: { path: "^(tools|bench|deploy)/" },
    },
    {
      name: "generated-imports-generated",
      comment: "Generated code stands on nothing of ours.",
      severity: "error",
      from: { path: "^gen/" },
      to: { path: "^(packages|services)/" },
    },
    {
      name: "sources-not-to-tests",
      comment: "Tests may change and go without the sources noticing.",
      severity: "error",
      from: { pathNot: tests },
      to: { path: tests },
    },
    {
      name: "sources-not-to-testkit",
      comment: "The testkit is for tests, benches and tools.",
      severity: "error",
      from: { path: "^(packages|services)/", pathNot: `${tests}|^packages/testkit/` },
      to: { path: "^packages/testkit/" },
    },
    {
      name: "sources-not-to-dev-dependencies",
      comment: "Production installs leave development dependencies out.",
      severity: "error",
      from: { path: "^(packages|services)/[^/]+/src/", pathNot: `${tests}|^packages/testkit/` },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only-listed-dependencies",
      comment: "A package that package.json does not list is there by accident.",
      severity: "error",
      from: {},
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "nobody-imports-main",
      comment: "main.ts and admin.ts act when they are loaded.",
      severity: "error",
      from: {},
      to: { path: programs },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    doNotFollow: { path: "(^|/)node_modules/" },
    exclude: { path: "/\\.dawr/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "node", "default"],
      extensions: [".ts", ".js", ".cjs", ".mjs", ".json"],
    },
  },
};
