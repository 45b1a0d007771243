import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type Booking, PaymentMethod, Place } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { Vertical_DependentKind as Kind } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { AccountErasedSchema } from "@dawr/gen/dawr/identity/v1/events_pb.js";
import { PostalAddressSchema } from "@dawr/gen/google/type/postal_address_pb.js";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { chosen, making, type Person } from "./making.ts";
import { cut, mona, provider } from "./neighbours.ts";
import { type As, openWorld, refusalOf, requestId, type World } from "./world.ts";

let world: World;
let ana: Person;
let owner: Person;
let operator: Person;

beforeAll(async () => {
  world = await openWorld({ BOOKING_HOLDS_PER_ACCOUNT: "100" });
  owner = await world.person();
  operator = await world.person(["customer", "support"]);
  world.around.memberships.set(owner.account, [{ provider, permissions: ["bookings.read", "bookings.write"] }]);
});
beforeEach(async () => {
  const service = world.around.services.get(cut);
  world.around.services.set(cut, { ...service, atCustomer: false, online: false });
  world.clock.advance({ minutes: 121 });
  ana = await world.person();
});
afterAll(() => world.close());

const { held, createIt } = making(() => ({ world, ana, owner }));

const customerNote = "I cannot stand lavender";
const providerNote = "tips well";
const joiningUrl = "https://meet.example/abc";
const address = create(PostalAddressSchema, { regionCode: "AE", addressLines: ["12 Palm Street"] });

type Values = Partial<Pick<Booking, "customerNote" | "providerNote" | "joiningUrl" | "etag">>;

const update = (name: string, values: Values, paths: string[], who: As, id = requestId()) =>
  world.bookings().updateBooking({ booking: { name, ...values }, updateMask: { paths }, requestId: id }, who);
const read = (name: string, who: As) => world.bookings().getBooking({ name }, who);
const saidIn = ({ customerNote, providerNote, joiningUrl, address }: Booking) => ({
  customerNote,
  providerNote,
  joiningUrl,
  address: address?.addressLines ?? [],
});
const nothing = { customerNote: "", providerNote: "", joiningUrl: "", address: [] };

/** A booking of which everything is said that can be said of one at that place. */
async function told(place: Place.CUSTOMER | Place.ONLINE, hours = 30, more = {}): Promise<Booking> {
  const service = world.around.services.get(cut);
  const isOnline = place === Place.ONLINE;
  world.around.services.set(cut, { ...service, online: isOnline, atCustomer: !isOnline });
  const dependent = `${ana.account}/dependents/${requestId()}`;
  world.around.dependents.set(dependent, { kind: Kind.PET, displayName: "Mishmish" });
  const { name } = await createIt(await held([chosen(cut, mona)], hours), {
    customerNote,
    address,
    dependent,
    ...more,
  });
  return await update(
    name,
    { providerNote, joiningUrl },
    isOnline ? ["provider_note", "joining_url"] : ["provider_note"],
    owner,
  );
}

describe("UpdateBooking (BK-06, BK-13)", () => {
  test("given the customer, then their note changes while the booking has not ended, and nothing else", async () => {
    const hold = await held([chosen(cut, mona)]);
    await update(hold.name, { customerNote: "on a hold" }, ["customer_note"], ana);
    expect(await createIt(hold)).toMatchObject({ customerNote: "on a hold" });
    const { name } = hold;
    const changed = await update(name, { customerNote, providerNote }, ["customer_note"], ana);
    expect(saidIn(changed)).toEqual({ ...nothing, customerNote });
    expect(saidIn(await update(name, {}, ["customer_note"], ana))).toEqual(nothing);
    for (const field of ["provider_note", "joining_url"])
      expect(await refusalOf(update(name, { providerNote, joiningUrl }, [field], ana))).toMatchObject({
        reason: "FIELD_NOT_YOURS",
        metadata: { field },
      });
    await world
      .bookings()
      .cancelBooking({ name, acceptedPenalty: { amountMinor: 0n, currencyCode: "AED" }, requestId: requestId() }, ana);
    expect(await refusalOf(update(name, { customerNote }, ["customer_note"], ana))).toMatchObject({
      reason: "BOOKING_STATE_WRONG",
      metadata: { state: "CANCELLED" },
    });
    expect(saidIn(await update(name, { providerNote }, ["provider_note"], owner))).toEqual({
      ...nothing,
      providerNote,
    });
  });

  test("given a member, then notes and link change; the customer sees the link and not the note", async () => {
    const { name } = await told(Place.ONLINE);
    expect(saidIn(await read(name, owner))).toEqual({ ...nothing, customerNote, providerNote, joiningUrl });
    expect(saidIn(await read(name, ana))).toEqual({ ...nothing, customerNote, joiningUrl });
    const field = "customer_note";
    expect(await refusalOf(update(name, { customerNote: "x" }, [field, "provider_note"], owner))).toMatchObject({
      reason: "FIELD_NOT_YOURS",
      metadata: { field },
    });
    expect(saidIn(await read(name, owner))).toMatchObject({ customerNote, providerNote });
    for (const wrong of ["http://meet.example/abc", "meet", "javascript:alert(1)"])
      expect((await refusalOf(update(name, { joiningUrl: wrong }, ["joining_url"], owner))).reason).toBe(
        "VALIDATION_FAILED",
      );
    expect(saidIn(await update(name, {}, ["joining_url"], owner))).toMatchObject({ joiningUrl: "", providerNote });
  });

  test("given it is not online, then NOT_ONLINE; no field, another field or no booking are refused too", async () => {
    const { name } = await told(Place.CUSTOMER);
    expect((await refusalOf(update(name, { joiningUrl }, ["joining_url"], owner))).reason).toBe("NOT_ONLINE");
    for (const paths of [[], ["address"], ["state"]])
      expect((await refusalOf(update(name, { customerNote }, paths, ana))).reason).toBe("VALIDATION_FAILED");
    const elsewhere = name.replace(/.{12}$/, "000000000000");
    for (const [wrong, who] of [
      [elsewhere, ana],
      [ana.account, ana],
      [provider, owner],
    ] as const)
      expect((await refusalOf(update(wrong, { customerNote }, ["customer_note"], who))).reason).toMatch(
        /^(NOT_FOUND|VALIDATION_FAILED)$/,
      );
  });

  test("given a stranger, a member who may only read, or an operator, then NOT_FOUND or not theirs", async () => {
    const { name } = await told(Place.CUSTOMER);
    const reader = await world.person();
    world.around.memberships.set(reader.account, [{ provider, permissions: ["bookings.read"] }]);
    for (const who of [await world.person(), reader, operator])
      expect((await refusalOf(update(name, { providerNote: "x" }, ["provider_note"], who))).reason).toBe("NOT_FOUND");
    expect(saidIn(await read(name, reader))).toMatchObject({ customerNote, providerNote, address: ["12 Palm Street"] });
  });

  test("given a member's own booking, then both sides are theirs", async () => {
    const { name } = await createIt(await held([chosen(cut, mona)], 30, owner), { customerNote }, owner);
    const changed = await update(
      name,
      { customerNote: "mine", providerNote },
      ["customer_note", "provider_note"],
      owner,
    );
    expect(saidIn(changed)).toEqual({ ...nothing, customerNote: "mine", providerNote });
  });

  test("given the version that was read is not the last, then ETAG_MISMATCH; of many at once one wins", async () => {
    const { name, etag } = await told(Place.CUSTOMER);
    const writes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        update(name, { customerNote: `note ${index}`, etag }, ["customer_note"], ana),
      ),
    );
    expect(writes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const write of writes)
      if (write.status === "rejected")
        expect((await refusalOf(Promise.reject(write.reason))).reason).toBe("ETAG_MISMATCH");
    expect((await read(name, ana)).etag).toBe(String(Number(etag) + 1));
  });

  test("given the same request again, then its answer and no second change; another under its id is refused", async () => {
    const { name, etag } = await told(Place.CUSTOMER);
    const id = requestId();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => update(name, { customerNote: "once" }, ["customer_note"], ana, id)),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect((await read(name, ana)).etag).toBe(String(Number(etag) + 1));
    const another = update(name, { customerNote: "twice" }, ["customer_note"], ana, id);
    expect((await refusalOf(another)).reason).toBe("REQUEST_ID_REUSED");
    const { bookingEvents } = await world.bookings().listBookingEvents({ parent: name }, ana);
    expect(bookingEvents.at(-1)).toMatchObject({ actor: ana.account, reason: "details changed" });
  });
});

describe("who sees what is said about a booking", () => {
  const customers = { ...nothing, customerNote, address: ["12 Palm Street"] };

  test("given lists, then customer and members see theirs, operators none of it", async () => {
    const { name } = await told(Place.CUSTOMER);
    const listed = async (parent: string, who: As) => {
      const { bookings } = await world.bookings().listBookings({ parent }, who);
      return bookings.filter((booking) => booking.name === name).map(saidIn);
    };
    expect(await listed("accounts/me", ana)).toEqual([customers]);
    expect(await listed(provider, owner)).toEqual([{ ...customers, providerNote }]);
    expect(await listed(provider, operator)).toEqual([nothing]);
    expect(await listed(ana.account, operator)).toEqual([nothing]);
    expect(saidIn(await read(name, operator))).toEqual(nothing);
  });

  test("given streams, then as in lists, and a change of a note comes to who watches", async () => {
    const { name } = await told(Place.CUSTOMER);
    for (const [parent, who, said] of [
      [ana.account, ana, customers],
      [provider, owner, { ...customers, providerNote }],
    ] as const) {
      const abort = new AbortController();
      const stream = world.bookings().watchBookings({ parent }, { ...who, signal: abort.signal });
      const heard: object[] = [];
      for await (const { bookings } of stream) {
        heard.push(...bookings.filter((booking) => booking.name === name).map(saidIn));
        if (heard.length === 1) await update(name, { customerNote: "changed" }, ["customer_note"], ana);
        if (heard.length === 2) break;
      }
      abort.abort();
      expect(heard).toEqual([said, { ...said, customerNote: "changed" }]);
      await update(name, { customerNote }, ["customer_note"], ana);
    }
  });

  test("given it is cancelled by either side, then the answer says what that side may see", async () => {
    const acceptedPenalty = { amountMinor: 0n, currencyCode: "AED" };
    for (const [who, hours, said] of [
      [ana, 30, customers],
      [owner, 31, { ...customers, providerNote }],
    ] as const) {
      const { name } = await told(Place.CUSTOMER, hours);
      const cancel = () => world.bookings().cancelBooking({ name, acceptedPenalty, reason: "ill", requestId: id }, who);
      const id = requestId();
      expect(saidIn(await cancel())).toEqual(said);
      expect(saidIn(await cancel())).toEqual(said);
    }
  });

  test("given it is moved by either side, then the answer says what that side may see, again for the same request", async () => {
    const { name } = await told(Place.CUSTOMER, 30, { paymentMethod: PaymentMethod.CASH });
    for (const [who, hours, said] of [
      [ana, 40, customers],
      [owner, 50, { ...customers, providerNote }],
    ] as const) {
      const start = timestampFromMs(Math.ceil(world.clock.now().add({ hours }).epochMilliseconds / 60_000) * 60_000);
      const id = requestId();
      const move = () => world.bookings().rescheduleBooking({ name, startTime: start, requestId: id }, who);
      const moved = await move();
      expect([moved.startTime, saidIn(moved)]).toEqual([start, said]);
      expect(saidIn(await move())).toEqual(said);
    }
  });
});

describe("what is said about a booking, at rest (ID-12)", () => {
  const words = ["lavender", "tips well", "meet.example", "Palm Street", "Mishmish"];

  test("given the database and the events, then nothing of it can be read there", async () => {
    const { name } = await told(Place.CUSTOMER);
    await told(Place.ONLINE, 40);
    await world.settles(() => expect(world.eventsOf(name)).toEqual(["BookingHeld", "BookingCreated"]));
    const { store } = world.running().service("booking");
    const tables = ["booking", "booking_history", "idempotent_request", "payment_start", "saga_step", "outbox"];
    for (const table of tables) {
      const [row] = await store.read((tx) =>
        tx.query<{ all: string | null }>(
          `select string_agg(t::text || encode(convert_to(t::text, 'UTF8'), 'escape'), '') as all from ${table} t`,
        ),
      );
      // Bytes are told in hexadecimal there.
      for (const word of words) {
        expect([table, row?.all?.includes(word) ?? false]).toEqual([table, false]);
        expect([table, row?.all?.includes(Buffer.from(word).toString("hex")) ?? false]).toEqual([table, false]);
      }
    }
    for (const { data } of world.published)
      for (const word of words) expect(Buffer.from(data).toString("latin1")).not.toContain(word);
  });

  test("given an answer that is kept is of before, then it is opened for who asks again", async () => {
    const hold = await held([chosen(cut, mona)]);
    const id = requestId();
    const first = await createIt(hold, { customerNote, requestId: id });
    expect(first).toMatchObject({ customerNote });
    expect(await createIt(hold, { customerNote, requestId: id })).toEqual(first);
    expect((await refusalOf(createIt(hold, { customerNote: "else", requestId: id }))).reason).toBe("REQUEST_ID_REUSED");
  });

  test("given the person is erased, then what they said is gone, what the provider noted stays, and nothing new is kept", async () => {
    const { name } = await told(Place.CUSTOMER);
    const other = await createIt(await held([chosen(cut, mona)], 40), { address });
    const account = ana.account;
    await world.publish({
      id: requestId(),
      type: AccountErasedSchema.typeName,
      source: "dawr.identity",
      subject: account,
      key: account.slice("accounts/".length),
      sequence: 9n,
      time: world.clock.now(),
      data: toBinary(AccountErasedSchema, create(AccountErasedSchema, { account })),
    });
    await world.settles(async () => expect(saidIn(await read(name, owner))).toEqual({ ...nothing, providerNote }));
    const left = await read(name, owner);
    expect(left).toMatchObject({ account, place: Place.CUSTOMER });
    expect(left.dependentDetails).toBeUndefined();
    expect((await refusalOf(update(other.name, { customerNote }, ["customer_note"], ana))).reason).toBe("NOT_FOUND");
  });

  test("given what is encrypted is put with another booking, then it does not open", async () => {
    const [one, two] = [await told(Place.CUSTOMER), await createIt(await held([chosen(cut, mona)], 40), { address })];
    const { store } = world.running().service("booking");
    const idOf = (name: string) => name.slice(name.lastIndexOf("/") + 1);
    await store.transaction((tx) =>
      tx.query("update booking set customer_note = (select customer_note from booking where id = $1) where id = $2", [
        idOf(one.name),
        idOf(two.name),
      ]),
    );
    await expect(read(two.name, ana)).rejects.toThrow();
    expect(saidIn(await read(one.name, ana))).toMatchObject({ customerNote });
  });
});
