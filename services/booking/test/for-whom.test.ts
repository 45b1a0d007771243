import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Place } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { Vertical_DependentKind as Kind } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { PostalAddressSchema } from "@dawr/gen/google/type/postal_address_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { chosen, making, type Person } from "./making.ts";
import { cut, mona, provider, talk } from "./neighbours.ts";
import { openWorld, refusalOf, type World } from "./world.ts";

let world: World;
let ana: Person;
let owner: Person;
let menu: World["around"]["services"];

beforeAll(async () => {
  world = await openWorld({ BOOKING_HOLDS_PER_ACCOUNT: "100" });
  owner = await world.person();
  world.around.memberships.set(owner.account, [{ provider, permissions: ["bookings.read"] }]);
  menu = new Map(world.around.services);
});
beforeEach(async () => {
  for (const [name, service] of menu) world.around.services.set(name, service);
  world.around.calls.length = 0;
  // Everybody else's holds have ended, and no start is one of before.
  world.clock.advance({ minutes: 121 });
  ana = await world.person();
});
afterAll(() => world.close());

const { held, quoted, createIt, callsOf } = making(() => ({ world, ana, owner }));

const address = create(PostalAddressSchema, {
  regionCode: "AE",
  locality: "Dubai",
  addressLines: ["12 Palm Street", "Flat 4"],
});

/** Changes services of the menu until the next test. */
function change(names: readonly string[], more: object): void {
  for (const name of names) world.around.services.set(name, { ...menu.get(name), ...more });
}

/** The day on which somebody is so many years old when the booking begins, and days later. */
function born(years: number, daysLater = 0) {
  const start = world.clock.now().add({ hours: 30 }).toZonedDateTimeISO("Asia/Dubai").toPlainDate();
  const { year, month, day } = start.subtract({ years }).add({ days: daysLater });
  return { year, month, day };
}

function dependent(summary: object, of: Person = ana): string {
  const name = `${of.account}/dependents/${randomUUID()}`;
  world.around.dependents.set(name, summary);
  return name;
}

const read = async (name: string, who: Person) => await world.bookings().getBooking({ name }, who);

describe("a booking for a dependent (BK-06)", () => {
  test("given a child of the customer's, then customer and members see for whom it is, by any form of the name", async () => {
    const name = dependent({ kind: Kind.CHILD, displayName: "Zeina", birthDate: born(6) });
    const details = { kind: Kind.CHILD, displayName: "Zeina", species: "", breed: "" };
    for (const [hours, form] of [
      [30, name],
      [31, name.replace(ana.account, "accounts/me")],
    ] as const) {
      const created = await createIt(await held([chosen(cut, mona)], hours), { dependent: form });
      expect(created).toMatchObject({ dependent: name, dependentDetails: details });
      for (const who of [ana, owner])
        expect(await read(created.name, who)).toMatchObject({ dependent: name, dependentDetails: details });
    }
  });

  test("given a dependent who is not the customer's, or whom nobody knows, then DEPENDENT_UNKNOWN and no payment", async () => {
    const hold = await held([chosen(cut, mona)]);
    const ben = await world.person();
    const others = dependent({ kind: Kind.CHILD, displayName: "Zeina", birthDate: born(6) }, ben);
    const unknown = `accounts/me/dependents/${randomUUID()}`;
    for (const name of [others, unknown, others.replace(ben.account, ana.account)])
      expect(await refusalOf(createIt(hold, { dependent: name }))).toMatchObject({
        reason: "DEPENDENT_UNKNOWN",
        metadata: { dependent: name.replace("accounts/me", ana.account) },
      });
    expect(callsOf("createPayment")).toEqual([]);
  });

  test("given a provider that does not serve such dependents, then DEPENDENT_KIND_NOT_SERVED", async () => {
    const hold = await held([chosen(cut, mona)]);
    world.around.dependentKinds.splice(0, 1);
    const child = dependent({ kind: Kind.CHILD, displayName: "Zeina", birthDate: born(6) });
    expect(await refusalOf(createIt(hold, { dependent: child }))).toMatchObject({
      reason: "DEPENDENT_KIND_NOT_SERVED",
      metadata: { kind: "CHILD" },
    });
    await createIt(hold, { dependent: dependent({ kind: Kind.PET, displayName: "Mishmish" }) });
    world.around.dependentKinds.unshift(Kind.CHILD);
  });

  test("given the dependent is deleted or changed later, then the booking stays as it was made", async () => {
    const name = dependent({ kind: Kind.PET, displayName: "Mishmish", species: "cat", breed: "Angora" });
    const { name: booking } = await createIt(await held([chosen(cut, mona)]), { dependent: name });
    world.around.dependents.delete(name);
    const details = { kind: Kind.PET, displayName: "Mishmish", species: "cat", breed: "Angora" };
    expect(await read(booking, owner)).toMatchObject({ dependent: name, dependentDetails: details });
  });
});

describe("age limits of dependents (ID-09)", () => {
  test("given 7 years, then 7 on the day is enough, a day younger is not, whatever the customer's age", async () => {
    change([cut], { minAgeYears: 7 });
    world.around.born.set(ana.account, born(40));
    const hold = await held([chosen(cut, mona)]);
    const tooYoung = { reason: "TOO_YOUNG", metadata: { min_age_years: "7" } };
    const child = (birthDate: object) => dependent({ kind: Kind.CHILD, displayName: "Zeina", birthDate });
    expect(await refusalOf(createIt(hold, { dependent: child(born(7, 1)) }))).toMatchObject(tooYoung);
    await createIt(hold, { dependent: child(born(7)) });
  });

  test("given a pet of any age, then the customer's counts", async () => {
    change([cut], { minAgeYears: 21 });
    const pet = dependent({ kind: Kind.PET, displayName: "Mishmish", birthDate: born(2) });
    const hold = await held([chosen(cut, mona)]);
    world.around.born.set(ana.account, born(21, 1));
    expect((await refusalOf(createIt(hold, { dependent: pet }))).reason).toBe("TOO_YOUNG");
    world.around.born.set(ana.account, born(21));
    await createIt(hold, { dependent: pet });
  });
});

describe("places (BK-13)", () => {
  test("given services at the provider, then it takes place there, and an address is not kept", async () => {
    const hold = await held([chosen(cut, mona), chosen(talk, mona)]);
    expect(hold.place).toBe(Place.UNSPECIFIED);
    const created = await createIt(hold, { address });
    expect(created.place).toBe(Place.PROVIDER);
    expect(created.address).toBeUndefined();
  });

  test("given all are at the customer's, then an address is needed, and customer and members see it", async () => {
    change([cut, talk], { atCustomer: true });
    const items = [chosen(cut, mona), chosen(talk, mona)];
    const hold = await held(items);
    const { quoteToken } = await quoted(items, hold);
    for (const none of [undefined, create(PostalAddressSchema, { regionCode: "AE", addressLines: [" "] })])
      expect((await refusalOf(createIt(hold, { quoteToken, ...(none && { address: none }) }))).reason).toBe(
        "ADDRESS_REQUIRED",
      );
    expect(callsOf("createPayment")).toEqual([]);
    const long = create(PostalAddressSchema, { addressLines: ["x".repeat(101)] });
    expect((await refusalOf(createIt(hold, { quoteToken, address: long }))).reason).toBe("VALIDATION_FAILED");
    const created = await createIt(hold, { quoteToken, address });
    expect(created).toMatchObject({ place: Place.CUSTOMER, address });
    for (const who of [ana, owner]) expect((await read(created.name, who)).address).toEqual(address);
  });

  test("given they differ, then PLACES_DIFFER, in the quote as in the booking", async () => {
    change([talk], { atCustomer: true });
    const items = [chosen(cut, mona), chosen(talk, mona)];
    const hold = await held(items);
    const differ = { reason: "PLACES_DIFFER", metadata: { services: `${cut}, ${talk}` } };
    expect(await refusalOf(quoted(items, hold))).toMatchObject(differ);
    expect(await refusalOf(createIt(hold, { address }))).toMatchObject(differ);
  });

  test("given a service online, then it takes place there, and nobody needs an address", async () => {
    change([cut], { online: true });
    expect(await createIt(await held([chosen(cut, mona)]))).toMatchObject({ place: Place.ONLINE, joiningUrl: "" });
  });
});
