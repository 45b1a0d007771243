import { randomUUID } from "node:crypto";
import { Vertical_DependentKind as Kind } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { type Dependent, Dependent_Sex } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { destroyDataKey } from "@dawr/store";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { as, refusal, startIdentity, type TestIdentity } from "./start-identity.ts";

const limit = 5;

let world: TestIdentity;
let layla: Person;
let omar: Person;

type Person = { readonly account: string; readonly headers: Readonly<Record<string, string>> };

beforeAll(async () => {
  world = await startIdentity({ IDENTITY_DEPENDENTS_PER_ACCOUNT: String(limit) });
  omar = await person();
});
afterAll(() => world.stop());

async function person(): Promise<Person> {
  const tokens = await world.enter(await world.join());
  return { account: tokens.account, ...as(tokens) };
}

const requestId = () => randomUUID() as string;
const zeina = { kind: Kind.CHILD, displayName: "زينة", birthDate: { year: 2020, month: 2, day: 29 } };
const mishmish = {
  kind: Kind.PET,
  displayName: "Mishmish",
  species: "cat",
  breed: "Angora",
  weightGrams: 4_200,
  sex: Dependent_Sex.FEMALE,
  birthDate: { year: 2023, month: 6, day: 1 },
  medicalNotes: "allergic to penicillin",
  vaccinations: [{ vaccine: "rabies", date: { year: 2025, month: 11, day: 3 } }],
};

const create = (dependent: object, who = layla, id = requestId(), parent = "accounts/me") =>
  world.dependents.createDependent({ parent, dependent, requestId: id }, who);
const asBooking = () => world.platform.internal(KeyService, { workload: "booking" });
const get = (name: string, who = layla) => world.dependents.getDependent({ name }, who);
const update = (dependent: object, paths?: string[], who = layla) =>
  world.dependents.updateDependent(
    { dependent, requestId: requestId(), ...(paths === undefined ? {} : { updateMask: { paths } }) },
    who,
  );
const remove = (name: string, etag = "", who = layla) =>
  world.dependents.deleteDependent({ name, etag, requestId: requestId() }, who);

describe("what cannot be a dependent", () => {
  test.each<readonly [string, object]>([
    ["no kind", { ...zeina, kind: 0 }],
    ["no name", { ...zeina, displayName: "" }],
    ["a child without a birth date", { kind: Kind.CHILD, displayName: "Zeina" }],
    ["a child with a species", { ...zeina, species: "cat" }],
    ["a child with a sex", { ...zeina, sex: Dependent_Sex.MALE }],
    ["a child who is not born yet", { ...zeina, birthDate: { year: 2026, month: 3, day: 3 } }],
    ["a day that is none", { ...zeina, birthDate: { year: 2023, month: 2, day: 29 } }],
    [
      "a vaccination that is not yet",
      { ...mishmish, vaccinations: [{ vaccine: "rabies", date: { year: 2027, month: 1, day: 1 } }] },
    ],
    ["a vaccination without a day", { ...mishmish, vaccinations: [{ vaccine: "rabies" }] }],
  ])("given %s, then VALIDATION_FAILED", async (_, dependent) => {
    expect(await refusal(create(dependent, omar))).toBe("VALIDATION_FAILED");
  });
});

const newLayla = async () => {
  layla = await person();
};

describe("dependents (ID-08)", () => {
  beforeEach(newLayla);

  test("given a child and a pet, then their person gets and lists them as they were given, page by page", async () => {
    const child = await create(zeina);
    expect(child).toMatchObject({ ...zeina, etag: "1" });
    expect(child.name).toMatch(new RegExp(`^${layla.account}/dependents/[0-9a-f-]{36}$`));
    const pet = await create(mishmish, layla, requestId(), layla.account);
    expect(pet).toMatchObject(mishmish);
    expect(await get(pet.name)).toEqual(pet);
    expect(await get(pet.name.replace(layla.account, "accounts/me"))).toEqual(pet);
    const first = await world.dependents.listDependents({ parent: "accounts/me", pageSize: 1 }, layla);
    expect(first.dependents).toEqual([child]);
    const pageToken = first.nextPageToken;
    expect(
      await world.dependents.listDependents({ parent: layla.account, pageSize: 1, pageToken }, layla),
    ).toMatchObject({ dependents: [pet], nextPageToken: "" });
    const others = world.dependents.listDependents({ parent: omar.account, pageToken }, omar);
    expect(await refusal(others)).toBe("PAGE_TOKEN_INVALID");
  });

  test("given a change, then a mask changes what it names, no mask what is set, another version than the last nothing", async () => {
    const pet = await create(mishmish);
    world.clock.advance({ minutes: 1 });
    const { name } = pet;
    const masked = await update({ name, weightGrams: 4_500, breed: "mixed", vaccinations: [], etag: "1" }, [
      "weight_grams",
      "vaccinations",
    ]);
    expect(masked).toMatchObject({ ...mishmish, weightGrams: 4_500, vaccinations: [], etag: "2" });
    expect(masked.updateTime).not.toEqual(masked.createTime);
    expect(await update({ name, breed: "mixed" })).toMatchObject({ breed: "mixed", weightGrams: 4_500, etag: "3" });
    expect(await refusal(update({ name, breed: "Persian", etag: "2" }))).toBe("ETAG_MISMATCH");
    // What it is stays.
    expect(await refusal(update({ name, kind: Kind.CHILD }, ["kind"]))).toBe("VALIDATION_FAILED");
    expect(await get(name)).toMatchObject({ kind: Kind.PET, breed: "mixed", etag: "3" });
  });

  test("given a child, then a change does not take its birth date or make it a pet", async () => {
    const { name } = await create(zeina);
    expect(await refusal(update({ name }, ["birth_date"]))).toBe("VALIDATION_FAILED");
    expect(await refusal(update({ name }, ["display_name"]))).toBe("VALIDATION_FAILED");
    expect(await refusal(update({ name, breed: "Angora" }))).toBe("VALIDATION_FAILED");
  });

  test("given one is deleted, then it is gone, and deleting it again finds nothing", async () => {
    const { name } = await create(zeina);
    expect(await refusal(remove(name, "7"))).toBe("ETAG_MISMATCH");
    await remove(name, "1");
    expect(await refusal(get(name))).toBe("NOT_FOUND");
    expect(await refusal(remove(name))).toBe("NOT_FOUND");
    expect((await world.dependents.listDependents({ parent: "accounts/me" }, layla)).dependents).toEqual([]);
  });

  test("given another person, then nothing is there for them", async () => {
    const { name } = await create(zeina);
    for (const call of [
      get(name, omar),
      world.dependents.listDependents({ parent: layla.account }, omar),
      create(zeina, omar, requestId(), layla.account),
      update({ name, displayName: "x" }, undefined, omar),
      remove(name, "", omar),
      // Not even under their own name.
      get(name.replace(layla.account, omar.account), omar),
    ])
      expect(await refusal(call)).toBe("NOT_FOUND");
    expect(await refusal(world.dependents.getDependent({ name }))).toBe("TOKEN_MISSING");
  });

  test("given the same request many times at once, then one dependent; another under its id is refused", async () => {
    const id = requestId();
    const all = await Promise.all(Array.from({ length: 8 }, () => create(zeina, layla, id)));
    expect(new Set(all.map(({ name }) => name)).size).toBe(1);
    expect((await world.dependents.listDependents({ parent: "accounts/me" }, layla)).dependents).toEqual([all[0]]);
    expect(await refusal(create(mishmish, layla, id))).toBe("REQUEST_ID_REUSED");
  });

  test("given many at once, then as many as may be are made, and one more when one was deleted", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: limit + 3 }, () => create(zeina)));
    const made = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(made).toHaveLength(limit);
    expect(await refusal(create(zeina))).toBe("DEPENDENT_LIMIT_REACHED");
    await remove(made[0]?.name ?? "");
    await create(zeina);
  });
});

describe("what is said of dependents (ID-12)", () => {
  beforeEach(newLayla);

  test("given the database, then nothing of it can be read there, in answers kept neither", async () => {
    const pet = await create(mishmish);
    await update({ name: pet.name, medicalNotes: "allergic to penicillin and nuts" });
    const [row] = await world.query<{ all: string }>(
      `select concat((select string_agg(encode(content, 'escape'), '') from dependent),
                     (select string_agg(encode(response, 'escape'), '') from idempotent_request),
                     (select string_agg(encode(data, 'escape'), '') from outbox)) as all`,
    );
    expect(row?.all.length).toBeGreaterThan(500);
    for (const said of ["Mishmish", "Angora", "penicillin", "rabies"]) expect(row?.all).not.toContain(said);
    expect(world.log()).not.toContain("penicillin");
  });

  test("given the person's key is destroyed, then nothing of it is there any more, and nothing new is kept", async () => {
    const { name } = await create(mishmish);
    await world.platform.service("identity").store.transaction((tx) => destroyDataKey(tx, layla.account));
    expect(await refusal(get(name))).toBe("NOT_FOUND");
    expect((await world.dependents.listDependents({ parent: "accounts/me" }, layla)).dependents).toEqual([]);
    expect(await refusal(create(zeina))).toBe("NOT_FOUND");
    expect((await asBooking().batchGetDependents({ names: [name] })).dependents).toEqual([]);
  });

  test("given a service asks, then it learns name, kind, age and what animal, never of health; in the order asked", async () => {
    const made: Dependent[] = [await create(zeina), await create(mishmish)];
    const [child = "", pet = ""] = made.map(({ name }) => name);
    const unknown = `${layla.account}/dependents/${randomUUID()}`;
    // Under another person's name it is nobody's.
    const stolen = pet.replace(layla.account, omar.account);
    const { dependents } = await asBooking().batchGetDependents({ names: [pet, unknown, stolen, child] });
    const { displayName, birthDate, species, breed } = mishmish;
    expect(dependents).toMatchObject([
      { dependent: pet, kind: Kind.PET, displayName, birthDate, species, breed },
      { dependent: child, ...zeina, species: "", breed: "" },
    ]);
    expect(JSON.stringify(dependents)).not.toContain("penicillin");
    expect(await refusal(world.keys.batchGetDependents({ names: [pet] }, layla))).toBe("NOT_FOUND");
  });
});
