import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { pricedItem, usualPolicy } from "../../test/terms.ts";
import { mergePolicies } from "./merge-policies.ts";
import { isSamePolicy, type Policy } from "./policy.ts";
import { priceOf } from "./price.ts";
import { quoteCancellation } from "./quote-cancellation.ts";

const merged = (...policies: readonly Partial<Policy>[]): Policy =>
  mergePolicies(policies.map((policy) => ({ policy: { ...usualPolicy, ...policy }, priceMinor: 10_000n })));

describe("mergePolicies", () => {
  test("given one, or two that are the same, then they are the terms as they are", () => {
    const policy = { ...usualPolicy, depositPercent: 100, penaltySteps: [{ withinMinutes: 60, percent: 90 }] };
    expect(merged(policy)).toEqual(policy);
    expect(merged(policy, policy)).toEqual(policy);
  });

  const rows: readonly (readonly [string, Partial<Policy>, Partial<Policy>, Partial<Policy>])[] = [
    ["the largest free window", { freeWindowMinutes: 60 }, { freeWindowMinutes: 61 }, { freeWindowMinutes: 61 }],
    ["the highest late penalty", { latePenaltyPercent: 1 }, { latePenaltyPercent: 2 }, { latePenaltyPercent: 2 }],
    ["the highest for not coming", { noShowPenaltyPercent: 99 }, {}, { noShowPenaltyPercent: 100 }],
    ["the fewest moves", { maxReschedules: 1 }, { maxReschedules: 2 }, { maxReschedules: 1 }],
    [
      "the largest window of moves",
      { rescheduleWindowMinutes: 1 },
      { rescheduleWindowMinutes: 2 },
      { rescheduleWindowMinutes: 2 },
    ],
    ["approval when one needs it", { needsApproval: true }, {}, { needsApproval: true }],
    ["the least time to approve", { approvalMinutes: 9 }, { approvalMinutes: 8 }, { approvalMinutes: 8 }],
    [
      "the least time of those that need approval",
      { needsApproval: true, approvalMinutes: 9 },
      { approvalMinutes: 0 },
      { needsApproval: true, approvalMinutes: 9 },
    ],
    ["cash when all accept it", { acceptsCash: false }, {}, { acceptsCash: false }],
    ["the fee back when all give it", { refundsFee: false }, {}, { refundsFee: false }],
  ];
  test.each(rows)("given two that differ, then %s", (_, one, other, expected) => {
    expect(merged(one, other)).toEqual({ ...usualPolicy, ...expected });
    expect(merged(other, one)).toEqual({ ...usualPolicy, ...expected });
  });

  const steps: readonly (readonly [string, Partial<Policy>, Partial<Policy>, Policy["penaltySteps"]])[] = [
    [
      "at each step the higher",
      { penaltySteps: [{ withinMinutes: 60, percent: 90 }] },
      {
        penaltySteps: [
          { withinMinutes: 120, percent: 70 },
          { withinMinutes: 30, percent: 80 },
        ],
      },
      [
        { withinMinutes: 120, percent: 70 },
        { withinMinutes: 60, percent: 90 },
      ],
    ],
    [
      "none where the other's late penalty is higher",
      { latePenaltyPercent: 60 },
      { latePenaltyPercent: 10, penaltySteps: [{ withinMinutes: 120, percent: 20 }] },
      [],
    ],
    [
      "what falls again falls",
      {
        latePenaltyPercent: 10,
        penaltySteps: [
          { withinMinutes: 300, percent: 80 },
          { withinMinutes: 120, percent: 20 },
        ],
      },
      { latePenaltyPercent: 50 },
      [
        { withinMinutes: 300, percent: 80 },
        { withinMinutes: 120, percent: 50 },
      ],
    ],
  ];
  test.each(steps)("given steps, then %s", (_, one, other, penaltySteps) => {
    expect(merged(one, other).penaltySteps).toEqual(penaltySteps);
    expect(merged(other, one).penaltySteps).toEqual(penaltySteps);
  });

  const deposits = [
    ["the same of both", [30, 10_000n], [30, 1n], 30],
    ["none for both", [0, 10_000n], [0, 1n], 0],
    ["all of one", [30, 10_000n], [0, 10_000n], 65],
    ["by their prices", [20, 30_000n], [50, 10_000n], 28],
    ["just below a half", [20, 51n], [21, 49n], 20],
    ["half up", [20, 50n], [21, 50n], 21],
    ["of what is free", [20, 0n], [50, 0n], 0],
  ] as const;
  test.each(deposits)("given deposits, then it is what is paid online of the whole: %s", (_, one, other, percent) => {
    const itemOf = ([depositPercent, priceMinor]: readonly [number, bigint]) => ({
      policy: { ...usualPolicy, depositPercent },
      priceMinor,
    });
    expect(mergePolicies([itemOf(one), itemOf(other)]).depositPercent).toBe(percent);
  });

  test("given any two, then the whole never promises less than its items cost", () => {
    const start = Temporal.Instant.from("2026-05-04T10:00:00Z");
    const percent = fc.integer({ min: 0, max: 100 });
    const policy = fc.integer({ min: 4, max: 20 }).chain((freeWindowMinutes) =>
      fc.record({
        freeWindowMinutes: fc.constant(freeWindowMinutes),
        latePenaltyPercent: percent,
        penaltySteps: fc.uniqueArray(
          fc.record({ withinMinutes: fc.integer({ min: 1, max: freeWindowMinutes - 1 }), percent }),
          { maxLength: 4, selector: ({ withinMinutes }) => withinMinutes },
        ),
      }),
    );
    fc.assert(
      fc.property(policy, policy, fc.integer({ min: 0, max: 22 }), (one, other, minutes) => {
        const policies = [one, other].map((more) => ({ ...usualPolicy, ...more }));
        const whole = mergePolicies(policies.map((each) => ({ policy: each, priceMinor: 10_000n })));
        const penaltyOf = (each: Policy) =>
          quoteCancellation(
            {
              price: priceOf({
                currencyCode: "AED",
                servicesMinor: [10_000n],
                hotDiscountBasisPoints: 0,
                taxBasisPoints: 0,
                feeMinor: 0n,
              }),
              policy: each,
              items: [pricedItem(10_000n, each, start)],
              startTime: start,
              paymentState: "PAID",
              refund: undefined,
            },
            "CUSTOMER",
            start.subtract({ minutes }),
          ).penaltyMinor;
        for (const each of policies) expect(penaltyOf(whole) >= penaltyOf(each)).toBe(true);
      }),
    );
  });
});

test("given two policies, then a difference in any field is one", () => {
  const one: Policy = { ...usualPolicy, penaltySteps: [{ withinMinutes: 60, percent: 90 }] };
  expect(isSamePolicy(one, { ...one, penaltySteps: [{ withinMinutes: 60, percent: 90 }] })).toBe(true);
  for (const [field, value] of Object.entries(one)) {
    if (field === "penaltySteps") continue;
    const changed = typeof value === "boolean" ? !value : Number(value) + 1;
    expect([field, isSamePolicy(one, { ...one, [field]: changed })]).toEqual([field, false]);
  }
  for (const penaltySteps of [
    [],
    [{ withinMinutes: 61, percent: 90 }],
    [{ withinMinutes: 60, percent: 91 }],
    [...one.penaltySteps, { withinMinutes: 30, percent: 95 }],
  ])
    expect(isSamePolicy(one, { ...one, penaltySteps })).toBe(false);
});
