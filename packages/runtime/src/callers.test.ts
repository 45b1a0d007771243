import { describe, expect, test } from "@jest/globals";
import { targetOf } from "./callers.ts";

describe("targetOf", () => {
  const table = [
    ["no variable", "booking", {}, "dns:///booking:50051"],
    ["an empty variable", "booking", { BOOKING_ADDRESS: "" }, "dns:///booking:50051"],
    ["a host and port", "booking", { BOOKING_ADDRESS: "10.0.0.5:9000" }, "dns:///10.0.0.5:9000"],
    ["a gRPC target", "booking", { BOOKING_ADDRESS: "dns:///booking.prod.svc:50051" }, "dns:///booking.prod.svc:50051"],
    ["several addresses", "booking", { BOOKING_ADDRESS: "ipv4:10.0.0.5:1,10.0.0.6:1" }, "ipv4:10.0.0.5:1,10.0.0.6:1"],
    ["a name with a dash", "big-data", { BIG_DATA_ADDRESS: "x:1" }, "dns:///x:1"],
  ] as const;
  test.each(table)(
    "given %s, when a service is looked for, then it is where that says",
    (_name, service, env, target) => {
      expect(targetOf(service, env)).toBe(target);
    },
  );
});
