import { common } from "./jest.config.js";

export default {
  ...common,
  testMatch: ["**/*.slow.test.ts"],
  testTimeout: 300_000,
};
