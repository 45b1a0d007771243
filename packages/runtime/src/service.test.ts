import { integerField, textField } from "@dawr/config";
import { defineErrors } from "@dawr/rpc";
import { expect, test } from "@jest/globals";
import { defineService, type ServiceDefinition } from "./service.ts";

test("given services of different settings, when they are listed, then no cast is needed and each keeps its own type", () => {
  const errors = defineErrors({ domain: "test.dawr", reasons: {} });
  const one = defineService({
    name: "one",
    config: { LIMIT: integerField(1, 9) },
    errors,
    start: ({ config }) => ({ checks: [{ name: config.LIMIT.toFixed(), required: true, check: async () => {} }] }),
    importResources: async (_tx, _resources, { config }) => void config.LIMIT.toFixed(),
  });
  const two = defineService({
    name: "two",
    config: { WORD: textField() },
    errors,
    start: ({ config }) => ({ checks: [{ name: config.WORD.trim(), required: true, check: async () => {} }] }),
  });
  // The compiler is what tests this: a definition whose type says what it needs must stand in a list that does not know.
  const all: readonly ServiceDefinition[] = [one, two];
  expect(all.map(({ name }) => name)).toEqual(["one", "two"]);
});
