import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { errorOf } from "./eventually.ts";
import { as, told } from "./told.ts";
import { type Reached, ways } from "./ways.ts";

describe.each(ways)("calling $name", ({ open }) => {
  let reached: Reached;
  beforeAll(async () => {
    reached = await open();
  });
  afterAll(() => reached.close());

  describe("access", () => {
    const nobody = undefined;
    test.each([
      // method, caller, request, outcome
      ["echo", nobody, { text: "a" }, "ok"],
      ["echo", "rubbish", { text: "a" }, "TOKEN_INVALID"],
      ["echo", "expired", { text: "a" }, "TOKEN_EXPIRED"],
      ["echoSignedIn", nobody, {}, "TOKEN_MISSING"],
      ["echoSignedIn", "user.omar", {}, "ok"],
      ["echoSelf", nobody, { name: "things/of-anna" }, "TOKEN_MISSING"],
      ["echoSelf", "user.anna", { name: "things/of-anna" }, "ok"],
      ["echoSelf", "user.omar", { name: "things/of-anna" }, "NOT_FOUND"],
      ["echoSelf", "user.anna", { name: "things/of-nobody" }, "NOT_FOUND"],
      ["echoSelf", "user.anna", { name: "accounts/me" }, "ok"],
      ["echoSelf", "user.anna", { name: "accounts/me/things/1" }, "ok"],
      ["echoSelf", "user.omar", { name: "accounts/me/things/1" }, "NOT_FOUND"],
      ["echoSelf", nobody, { name: "accounts/me" }, "TOKEN_MISSING"],
      ["echoSelf", "user.anna", { name: "accounts/mega" }, "NOT_FOUND"],
      ["echoMember", nobody, { name: "things/of-salon" }, "TOKEN_MISSING"],
      ["echoMember", "user.maha", { name: "things/of-salon" }, "ok"],
      ["echoMember", "user.nour", { name: "things/of-salon" }, "NOT_FOUND"],
      ["echoMember", "user.rana", { name: "things/of-salon" }, "NOT_FOUND"],
      ["echoMember", "user.anna", { name: "things/of-anna" }, "NOT_FOUND"],
      ["echoSelfOrMember", "user.anna", { name: "things/of-both" }, "ok"],
      ["echoSelfOrMember", "user.maha", { name: "things/of-both" }, "ok"],
      ["echoSelfOrMember", "user.nour", { name: "things/of-both" }, "NOT_FOUND"],
      ["echoParticipant", "user.anna", { name: "things/of-both" }, "ok"],
      ["echoParticipant", "user.nour", { name: "things/of-both" }, "ok"],
      ["echoParticipant", "user.rana", { name: "things/of-both" }, "NOT_FOUND"],
      ["echoOperator", "user.omar.support", {}, "ok"],
      ["echoOperator", "user.omar.super-admin", {}, "ok"],
      ["echoOperator", "user.omar.provider", {}, "NOT_FOUND"],
      ["echoOperator", nobody, {}, "TOKEN_MISSING"],
      ["echoSuperAdmin", "user.omar.super-admin", {}, "ok"],
      ["echoSuperAdmin", "user.omar.admin", {}, "NOT_FOUND"],
      ["echoInternal", nobody, {}, "NOT_FOUND"],
      ["echoInternal", "user.omar.super-admin", {}, "NOT_FOUND"],
      ["echoNested", "user.anna", { thing: { name: "things/of-anna" } }, "ok"],
      ["echoNested", "user.anna", { thing: { name: "accounts/me" } }, "ok"],
      ["echoNested", "user.omar", { thing: { name: "things/of-anna" } }, "NOT_FOUND"],
    ] as const)("%s by %s with %j: %s", async (method, caller, request, outcome) => {
      const call = reached.client[method] as (request: object, options: object) => Promise<unknown>;
      const answer = call(request, caller === undefined ? {} : as(caller));
      if (outcome === "ok") await expect(answer).resolves.toBeDefined();
      else expect(told(await errorOf(answer)).reason).toBe(outcome);
    });

    test("accounts/me reaches the handler as the caller's account, and the caller's message stays as it was", async () => {
      const request = { $typeName: "dawr.testing.v1.EchoThingRequest" as const, name: "accounts/me" };
      expect((await reached.client.echoSelf(request, as("user.anna"))).text).toBe("accounts/anna");
      expect(request.name).toBe("accounts/me");
    });

    test("another service gets in by its token, and its word about the person who caused the call is taken", async () => {
      const headers = { "x-dawr-workload": "workload:booking", "x-dawr-caused-by": "accounts/anna" };
      const answer = await reached.client.echoInternal({}, { headers });
      expect(answer.workload).toBe("booking");
      expect(answer.seen.causedBy).toBe("accounts/anna");
    });

    test("what a stranger says about themselves in the platform's headers is not believed", async () => {
      const headers = { "x-dawr-caused-by": "accounts/anna", "x-dawr-peer": "1.2.3.4" };
      const answer = await reached.client.echo({ text: "a" }, { headers });
      expect(answer.seen.causedBy).toBe("");
      expect(answer.seen.peer).not.toBe("1.2.3.4");
    });

    test("a service that passes a stranger's call on lends the stranger none of its rights", async () => {
      const headers = { "x-dawr-workload": "workload:gateway", "x-dawr-relayed": "1", "x-dawr-peer": "1.2.3.4" };
      expect(told(await errorOf(reached.client.echoInternal({}, { headers }))).reason).toBe("NOT_FOUND");
      expect((await reached.client.echo({ text: "a" }, { headers })).seen.peer).toBe("1.2.3.4");
    });

    test("a forged workload token is refused", async () => {
      const error = await errorOf(reached.client.echo({}, { headers: { "x-dawr-workload": "rubbish" } }));
      expect(told(error)).toEqual({ code: "Unauthenticated", reason: "TOKEN_INVALID", domain: "dawr" });
    });
  });
});
