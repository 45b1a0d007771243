import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Person } from "./making.ts";
import { cut, provider, talk } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

let world: World;
let ana: Person;
let member: Person;

beforeAll(async () => {
  world = await openWorld();
  ana = await world.person();
  member = await world.person();
  world.around.memberships.set(member.account, [{ provider, permissions: ["policy.write"] }]);
});
afterAll(() => world.close());

const name = `${provider}/policy`;
const get = (of: string) => world.policies().getPolicy({ name: of });
const update = (policy: object, paths?: string[], who: As = member, id = requestId()) =>
  world.policies().updatePolicy(
    {
      policy: { name, ...policy },
      requestId: id,
      ...(paths === undefined ? {} : { updateMask: { paths } }),
    },
    who,
  );

describe("the policy of a provider", () => {
  test("given nothing was said, then the defaults; a mask changes what it names, no mask what is set; etags are kept", async () => {
    const first = await world.policies().getPolicy({ name });
    expect(first).toMatchObject({
      freeWindowMinutes: 1440,
      latePenaltyPercent: 50,
      noShowPenaltyPercent: 100,
      penaltySteps: [],
      depositPercent: 0,
      maxReschedules: 3,
      rescheduleWindowMinutes: 1440,
      needsApproval: false,
      approvalMinutes: 1440,
      acceptsCash: true,
      followsProvider: false,
      etag: "0",
    });
    const masked = await update({ freeWindowMinutes: 0, latePenaltyPercent: 99, etag: "0" }, ["free_window_minutes"]);
    expect(masked).toMatchObject({ freeWindowMinutes: 0, latePenaltyPercent: 50, acceptsCash: true, etag: "1" });
    const set = await update({ latePenaltyPercent: 30 });
    expect(set).toMatchObject({
      freeWindowMinutes: 0,
      latePenaltyPercent: 30,
      noShowPenaltyPercent: 100,
      acceptsCash: true,
      etag: "2",
    });
    expect((await refusalOf(update({ latePenaltyPercent: 40, etag: "1" }))).reason).toBe("ETAG_MISMATCH");
    expect(await update({ acceptsCash: false, etag: "2" }, ["accepts_cash"])).toMatchObject({ acceptsCash: false });
    expect((await refusalOf(update({ latePenaltyPercent: 101 }, ["late_penalty_percent"]))).reason).toBe(
      "VALIDATION_FAILED",
    );
    expect((await refusalOf(update({ latePenaltyPercent: 1 }, ["name"]))).reason).toBe("VALIDATION_FAILED");
    expect((await refusalOf(update({ latePenaltyPercent: 1 }, undefined, ana))).reason).toBe("NOT_FOUND");
  });

  test("given many first updates with the same etag at once, then one wins", async () => {
    const other = "providers/0195b3c0-7d1e-7c7a-8000-0000000000c9";
    const owner = await world.person();
    world.around.memberships.set(owner.account, [{ provider: other, permissions: ["policy.write"] }]);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, (_, index) =>
        update({ name: `${other}/policy`, latePenaltyPercent: index + 1, etag: "0" }, undefined, owner),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        expect((await refusalOf(Promise.reject(outcome.reason))).reason).toBe("ETAG_MISMATCH");
  });
});

describe("the policy of a service", () => {
  const ofCut = `${cut}/policy`;
  const ofTalk = `${talk}/policy`;

  test("given none of its own, then it follows the provider's, also when that changes", async () => {
    await update({ freeWindowMinutes: 600, latePenaltyPercent: 20 }, ["free_window_minutes", "late_penalty_percent"]);
    expect(await get(ofCut)).toMatchObject({ name: ofCut, followsProvider: true, latePenaltyPercent: 20 });
    await update({ latePenaltyPercent: 25 });
    expect(await get(ofCut)).toMatchObject({ followsProvider: true, latePenaltyPercent: 25, freeWindowMinutes: 600 });
  });

  test("given an update, then it has terms of its own that start from the provider's, and the provider's stay", async () => {
    const steps = [
      { withinMinutes: 120, percent: 80 },
      { withinMinutes: 30, percent: 90 },
    ];
    const own = await update({ name: ofCut, depositPercent: 30, penaltySteps: steps }, [
      "deposit_percent",
      "penalty_steps",
    ]);
    expect(own).toMatchObject({
      name: ofCut,
      followsProvider: false,
      depositPercent: 30,
      penaltySteps: steps,
      latePenaltyPercent: 25,
      freeWindowMinutes: 600,
    });
    await update({ latePenaltyPercent: 40 });
    expect(await get(ofCut)).toEqual(own);
    expect(await get(name)).toMatchObject({ depositPercent: 0, penaltySteps: [], latePenaltyPercent: 40 });
    expect(await get(ofTalk)).toMatchObject({ followsProvider: true, depositPercent: 0, latePenaltyPercent: 40 });
  });

  test("given it is to follow the provider again, then it does, whatever else was set, and its etag is a new one", async () => {
    const before = await get(ofCut);
    const after = await update({ name: ofCut, followsProvider: true, depositPercent: 50, etag: before.etag });
    expect(after).toMatchObject({ followsProvider: true, depositPercent: 0, latePenaltyPercent: 40 });
    expect((await refusalOf(update({ name: ofCut, depositPercent: 50, etag: before.etag }))).reason).toBe(
      "ETAG_MISMATCH",
    );
    const anew = await update({ name: ofCut, depositPercent: 50, etag: after.etag });
    expect(anew).toMatchObject({ followsProvider: false, depositPercent: 50, penaltySteps: [] });
    expect(anew.etag).not.toBe(before.etag);
  });

  test("given the provider's terms changed since they were read through the service, then ETAG_MISMATCH", async () => {
    const { etag } = await get(ofTalk);
    await update({ latePenaltyPercent: 45 });
    expect((await refusalOf(update({ name: ofTalk, depositPercent: 10, etag }))).reason).toBe("ETAG_MISMATCH");
    const seen = await get(ofTalk);
    expect(await update({ name: ofTalk, depositPercent: 10, etag: seen.etag })).toMatchObject({ depositPercent: 10 });
  });

  test("given a service that the provider does not have, or somebody who is no member, then NOT_FOUND", async () => {
    const missing = `${provider}/services/0195b3c0-7d1e-7c7a-8000-0000000000bf/policy`;
    expect((await refusalOf(update({ name: missing, depositPercent: 10 }))).reason).toBe("NOT_FOUND");
    expect((await refusalOf(update({ name: ofCut, depositPercent: 10 }, undefined, ana))).reason).toBe("NOT_FOUND");
  });

  test("given the same request twice, then it is done once and answered the same", async () => {
    const id = requestId();
    const first = await update({ name: ofCut, depositPercent: 60 }, ["deposit_percent"], member, id);
    expect(await update({ name: ofCut, depositPercent: 60 }, ["deposit_percent"], member, id)).toEqual(first);
    expect((await get(ofCut)).etag).toBe(first.etag);
  });

  test("given 16 first updates at once of services and provider, then none is lost", async () => {
    const services = Array.from(
      { length: 8 },
      (_, index) => `${provider}/services/0195b3c0-7d1e-7c7a-8000-0000000000c${index}`,
    );
    for (const service of services) world.around.services.set(service, {});
    const before = BigInt((await get(name)).etag);
    await Promise.all(
      services.flatMap((service) => [
        update({ name: `${service}/policy`, depositPercent: 70 }),
        update({ maxReschedules: 5 }),
      ]),
    );
    for (const service of services) expect(await get(`${service}/policy`)).toMatchObject({ depositPercent: 70 });
    expect(BigInt((await get(name)).etag)).toBe(before + 8n);
  });
});

describe("terms that contradict themselves", () => {
  const violationsOf = async (call: Promise<unknown>) => {
    const { reason, metadata, error } = await refusalOf(call);
    const [details] = ConnectError.from(error).findDetails(BadRequestSchema);
    const violations = details?.fieldViolations.map((violation) => [violation.field, violation.reason]);
    return { reason, fields: metadata.fields, violations };
  };
  const step = (withinMinutes: number) => ({ withinMinutes, percent: 80 });

  test("given steps that begin in the free window or twice, then VALIDATION_FAILED with each field, and nothing changes", async () => {
    await update({ freeWindowMinutes: 600 });
    const before = await get(name);
    const penaltySteps = [step(600), step(60), step(599), step(60)];
    expect(await violationsOf(update({ penaltySteps }, ["penalty_steps"]))).toEqual({
      reason: "VALIDATION_FAILED",
      fields: "policy.penaltySteps[0].withinMinutes, policy.penaltySteps[3].withinMinutes",
      violations: [
        ["policy.penaltySteps[0].withinMinutes", "LT"],
        ["policy.penaltySteps[3].withinMinutes", "UNIQUE"],
      ],
    });
    expect(await get(name)).toEqual(before);
    expect(await update({ penaltySteps: [step(599), step(60)] }, ["penalty_steps"])).toMatchObject({
      penaltySteps: [step(599), step(60)],
    });
  });

  test("given ten steps, then they are kept; given eleven, VALIDATION_FAILED", async () => {
    const penaltySteps = Array.from({ length: 11 }, (_, index) => step(index + 1));
    expect((await refusalOf(update({ name: `${talk}/policy`, penaltySteps }))).reason).toBe("VALIDATION_FAILED");
    const ten = penaltySteps.slice(0, 10);
    expect((await update({ name: `${talk}/policy`, penaltySteps: ten })).penaltySteps).toHaveLength(10);
  });

  test("given a free window that would swallow a step, then it is refused too; with the steps gone it is not", async () => {
    expect(await violationsOf(update({ freeWindowMinutes: 599 }, ["free_window_minutes"]))).toMatchObject({
      reason: "VALIDATION_FAILED",
      fields: "policy.penaltySteps[0].withinMinutes",
    });
    expect(
      await update({ freeWindowMinutes: 599, penaltySteps: [] }, ["free_window_minutes", "penalty_steps"]),
    ).toMatchObject({ freeWindowMinutes: 599, penaltySteps: [] });
  });

  test("given approval in no time, or a provider that is to follow itself, then VALIDATION_FAILED with the field", async () => {
    expect(await violationsOf(update({ needsApproval: true }, ["needs_approval", "approval_minutes"]))).toMatchObject({
      fields: "policy.approvalMinutes",
    });
    expect(await violationsOf(update({ followsProvider: true }))).toMatchObject({
      reason: "VALIDATION_FAILED",
      fields: "policy.followsProvider",
    });
  });
});
