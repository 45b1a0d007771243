import { describe, expect, test } from "@jest/globals";
import { type PlacedService, placeOf } from "./place.ts";

const at = (service: string, more: Partial<PlacedService> = {}): PlacedService => ({
  service,
  atCustomer: false,
  online: false,
  ...more,
});

describe("given services that are booked together (BK-13)", () => {
  test.each([
    ["at the provider", [at("cut"), at("shave")], "PROVIDER"],
    ["at the customer's", [at("make-up", { atCustomer: true }), at("hair", { atCustomer: true })], "CUSTOMER"],
    ["online", [at("talk", { online: true })], "ONLINE"],
  ])("when all are %s, then so is the booking", (_, services, place) => {
    expect(placeOf(services)).toBe(place);
  });

  test.each([
    [[at("cut"), at("make-up", { atCustomer: true })]],
    [[at("make-up", { atCustomer: true }), at("cut")]],
    [[at("cut"), at("make-up", { online: true })]],
  ])("when they are not all at one place, then PLACES_DIFFER", (services) => {
    const refusal = {
      reason: "PLACES_DIFFER",
      metadata: { services: services.map(({ service }) => service).join(", ") },
    };
    expect(() => placeOf(services)).toThrow(expect.objectContaining(refusal));
  });
});
