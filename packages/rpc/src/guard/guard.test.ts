import { EchoService, UnguardedService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { describe, expect, test } from "@jest/globals";
import { testAuth } from "../../test/echo-service.ts";
import { errorOf } from "../../test/eventually.ts";
import { PlatformError } from "../errors/platform-error.ts";
import { reasonOf } from "../errors/reason-of.ts";
import { memoryCaller } from "../memory/memory-caller.ts";
import { ownerByName } from "./access.ts";
import { guard } from "./guard.ts";
import { implement } from "./implement.ts";

const log = { error: () => undefined };
const base = { service: "echo", errors: [], auth: testAuth, log };

describe("guard", () => {
  test("does not start with a method that has no access rule", () => {
    const implementations = [implement(UnguardedService, {})];
    expect(() => guard({ ...base, implementations })).toThrow(
      "dawr.testing.v1.UnguardedService/Echo has no access rule",
    );
  });

  test("does not start with a service that is implemented twice", () => {
    const implementations = [implement(EchoService, {}), implement(EchoService, {})];
    expect(() => guard({ ...base, implementations })).toThrow(/twice/);
  });

  test("lets a further check refuse, once it is known who calls and before anything else", async () => {
    const seen: (string | undefined)[] = [];
    const mounted = guard({
      ...base,
      implementations: [implement(EchoService, { echo: () => ({}) })],
      admit: (context) => {
        seen.push(context.requestHeader.get("authorization") ?? undefined);
        if (seen.length > 1) throw new PlatformError("RATE_LIMITED");
      },
    });
    const client = memoryCaller(() => [mounted]).client(EchoService);
    await client.echo({}, { headers: { authorization: "Bearer user.anna" } });
    expect(reasonOf(await errorOf(client.echo({ number: -1 })))?.reason).toBe("RATE_LIMITED");
    expect(seen).toEqual(["Bearer user.anna", undefined]);
  });

  test("a call that is late already does not reach the handler", async () => {
    let isCalled = false;
    const mounted = guard({
      ...base,
      implementations: [
        implement(EchoService, {
          write() {
            isCalled = true;
            return {};
          },
        }),
      ],
      // The deadline passes while it is being found out whether the call may go on.
      admit: () => new Promise((resolve) => setTimeout(resolve, 60)),
    });
    const client = memoryCaller(() => [mounted]).client(EchoService);
    const error = await errorOf(client.write({ text: "a", requestId: crypto.randomUUID() }, { timeoutMs: 20 }));
    expect(reasonOf(error)?.reason).toBe("DEADLINE_EXCEEDED");
    expect(isCalled).toBe(false);
  });

  test("a service that nobody mounted is unknown", async () => {
    const client = memoryCaller(() => []).client(EchoService);
    expect(reasonOf(await errorOf(client.echo({})))?.reason).toBe("UNKNOWN_METHOD");
  });
});

describe("ownerByName", () => {
  test.each([
    ["accounts/a", { account: "accounts/a" }],
    ["accounts/a/sessions/s", { account: "accounts/a" }],
    ["providers/p/bookings/b", { provider: "providers/p" }],
    ["payments/p", undefined],
    ["accounts/", undefined],
    ["", undefined],
  ])("%j belongs to %j", async (name, owner) => {
    expect(await ownerByName(name)).toEqual(owner);
  });
});
