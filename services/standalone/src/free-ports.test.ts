import { expect, test } from "@jest/globals";
import { portProblem } from "./free-ports.ts";

test.each([
  ["EADDRINUSE", "port 80 (gateway) is in use; --port N"],
  ["EACCES", "port 80 (gateway) is not permitted to this user"],
  ["EAFNOSUPPORT", "port 80 (gateway) cannot be opened: EAFNOSUPPORT"],
  [undefined, "port 80 (gateway) cannot be opened: no reason given"],
])("given the code %s, when a port cannot be opened, then its reason is told", (code, said) => {
  expect(portProblem("gateway", 80, code)).toContain(said);
});
