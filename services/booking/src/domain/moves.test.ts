import { expect, test } from "@jest/globals";
import type { State } from "./booking.ts";
import { mayMove } from "./moves.ts";

const states: readonly State[] = [
  "HELD",
  "PENDING_PAYMENT",
  "PENDING_APPROVAL",
  "CONFIRMED",
  "CHECKED_IN",
  "COMPLETED",
  "CANCELLED",
  "DECLINED",
  "EXPIRED",
  "RELEASED",
  "NO_SHOW",
];

test("given every pair of states, when asked, then exactly the moves of BK-01 are allowed", () => {
  const allowed = states.flatMap((from) => states.filter((to) => mayMove(from, to)).map((to) => `${from} ${to}`));
  expect(allowed.sort()).toEqual([
    "CHECKED_IN CANCELLED",
    "CHECKED_IN COMPLETED",
    "COMPLETED NO_SHOW",
    "CONFIRMED CANCELLED",
    "CONFIRMED CHECKED_IN",
    "CONFIRMED COMPLETED",
    "CONFIRMED NO_SHOW",
    "EXPIRED CONFIRMED",
    "HELD CANCELLED",
    "HELD CONFIRMED",
    "HELD EXPIRED",
    "HELD PENDING_APPROVAL",
    "HELD PENDING_PAYMENT",
    "HELD RELEASED",
    "NO_SHOW COMPLETED",
    "PENDING_APPROVAL CANCELLED",
    "PENDING_APPROVAL CONFIRMED",
    "PENDING_APPROVAL DECLINED",
    "PENDING_APPROVAL EXPIRED",
    "PENDING_PAYMENT CANCELLED",
    "PENDING_PAYMENT CONFIRMED",
    "PENDING_PAYMENT EXPIRED",
  ]);
});
