import { randomUUID } from "node:crypto";
import { AccessService } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { Role } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { tokenIssuer } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { createSuperAdmin, promoteToSuperAdmin, requireAddressAndName } from "../src/super-admin.ts";
import { as, newEmail, refusal, startIdentity, type TestIdentity } from "./start-identity.ts";

let world: TestIdentity;
beforeAll(async () => {
  world = await startIdentity();
});
afterAll(() => world.stop());

const requestId = () => randomUUID() as string;
const word = "copper-lantern-orbit-9";
const adminDeps = () => {
  const { store, keys, newId } = world.platform.service("identity").host;
  return { store, keys, now: world.clock.now, newId, env: {} };
};

async function superAdmin() {
  const email = newEmail();
  await createSuperAdmin(adminDeps(), { email, password: word, displayName: "Administrator" });
  return await world.enter(email, word);
}

async function person() {
  const email = await world.join();
  return { ...(await world.enter(email)), email };
}

describe("the first super-admin", () => {
  test("given an address, then an account is made that may grant every role", async () => {
    const tokens = await superAdmin();
    expect(decodeJwt(tokens.accessToken)).toMatchObject({ roles: ["customer", "super-admin"], iss: tokenIssuer });
  });

  test("given a weak password or no address, then it is refused", async () => {
    const make = (email: string, password: string, displayName = "A") =>
      createSuperAdmin(adminDeps(), { email, password, displayName });
    await expect(make(newEmail(), "password123")).rejects.toMatchObject({ reason: "PASSWORD_LEAKED" });
    await expect(make(newEmail(), "administrator")).rejects.toMatchObject({
      reason: expect.stringMatching(/PASSWORD_/),
    });
    await expect(make("nobody", word)).rejects.toThrow("the e-mail address must be a valid");
    await expect(make(newEmail(), word.slice(0, 7))).rejects.toThrow("the password must be at least 8 characters");
    await expect(make(newEmail(), word, "")).rejects.toThrow("the name must be at least");
    expect(() => requireAddressAndName({ email: "nobody", displayName: "A" })).toThrow("the e-mail address");
    expect(() => requireAddressAndName({ email: newEmail(), displayName: "A" })).not.toThrow();
  });

  test("given an address that has an account, then that account gets the role and its sessions end", async () => {
    const known = await person();
    expect(await promoteToSuperAdmin(adminDeps(), newEmail())).toBeUndefined();
    expect(await promoteToSuperAdmin(adminDeps(), known.email)).toBe(known.account);
    await eventually(
      async () =>
        expect(await refusal(world.accounts.getAccount({ name: "accounts/me" }, as(known)))).toBe("TOKEN_INVALID"),
      { timeoutMs: 1_000 },
    );
    expect(decodeJwt((await world.enter(known.email)).accessToken).roles).toContain("super-admin");
  });
});

describe("granting roles (ID-07)", () => {
  test("given an admin, then roles of operators are a super-admin's to grant, and other people's nobody's", async () => {
    const [chief, helper, someone] = [await superAdmin(), await person(), await person()];
    const grant = (name: string, role: Role, by: { accessToken: string }) =>
      world.access.grantRole({ name, role, requestId: requestId() }, as(by));
    expect(await refusal(grant(someone.account, Role.VENDOR, helper))).toBe("NOT_FOUND");
    const promoted = await grant(helper.account, Role.ADMIN, chief);
    expect(promoted.roles).toEqual([Role.CUSTOMER, Role.ADMIN]);
    const admin = await world.enter(helper.email);
    for (const role of [Role.SUPPORT, Role.ADMIN, Role.SUPER_ADMIN])
      expect(await refusal(grant(someone.account, role, admin))).toBe("ROLE_NOT_GRANTABLE");
    await grant(someone.account, Role.VENDOR, admin);
    expect(await refusal(grant(helper.account, Role.PROVIDER, chief))).toBe("VALIDATION_FAILED");
    const suspend = (name: string, by: { accessToken: string }) =>
      world.access.suspendAccount({ name, reason: "test", requestId: requestId() }, as(by));
    expect(await refusal(suspend(chief.account, admin))).toBe("ROLE_NOT_GRANTABLE");
    await suspend(helper.account, chief);
  });
});

describe("members (ID-07)", () => {
  const internal = () => world.platform.internal(AccessService, { workload: "catalog" });
  const member = (account: string, role: Role) => ({ membership: { account, role }, requestId: requestId() });

  test("given owners, then they manage members at once, and the last one stays", async () => {
    const provider = `providers/${randomUUID()}`;
    const [owner, second, staff] = [await person(), await person(), await person()];
    await internal().createMember({ parent: provider, ...member(owner.account, Role.PROVIDER) });
    const asOwner = as(owner);
    expect(await refusal(world.access.listMembers({ parent: provider }, as(staff)))).toBe("NOT_FOUND");
    await world.access.createMember({ parent: provider, ...member(staff.account, Role.STAFF) }, asOwner);
    const [seen] = (await world.access.listMemberships({ parent: "accounts/me" }, as(staff))).memberships;
    expect(seen).toMatchObject({ provider, role: Role.STAFF });
    expect(seen?.permissions).not.toContain("members.write");
    expect(await refusal(world.access.listMembers({ parent: provider }, as(staff)))).toBe("NOT_FOUND");

    const demote = member(owner.account, Role.STAFF);
    expect(await refusal(world.access.createMember({ parent: provider, ...demote }, asOwner))).toBe("LAST_OWNER");
    const own = `${provider}/members/${owner.account.split("/")[1]}`;
    expect(await refusal(world.access.removeMember({ name: own, requestId: requestId() }, asOwner))).toBe("LAST_OWNER");

    // A change of role counts within a second, although memberships are kept for five.
    await world.access.createMember({ parent: provider, ...member(staff.account, Role.PROVIDER) }, asOwner);
    await eventually(() => world.access.listMembers({ parent: provider }, as(staff)), { timeoutMs: 1_000 });
    await world.access.createMember({ parent: provider, ...member(second.account, Role.STAFF) }, asOwner);
    await world.access.removeMember({ name: own, requestId: requestId() }, as(staff));
    await eventually(
      async () => expect(await refusal(world.access.listMembers({ parent: provider }, asOwner))).toBe("NOT_FOUND"),
      { timeoutMs: 1_000 },
    );
    const page = await world.access.listMembers({ parent: provider, pageSize: 1 }, as(staff));
    const rest = await world.access.listMembers(
      { parent: provider, pageSize: 1, pageToken: page.nextPageToken },
      as(staff),
    );
    expect([...page.memberships, ...rest.memberships].map(({ account }) => account).sort()).toEqual(
      [staff.account, second.account].sort(),
    );
    expect(rest.nextPageToken).toBe("");
  });

  test("given two owners who remove each other at once, then one stays", async () => {
    const provider = `providers/${randomUUID()}`;
    const [one, other] = [await person(), await person()];
    for (const { account } of [one, other])
      await internal().createMember({ parent: provider, ...member(account, Role.PROVIDER) });
    const remove = (whom: string, by: { accessToken: string }) =>
      world.access.removeMember({ name: `${provider}/members/${whom.split("/")[1]}`, requestId: requestId() }, as(by));
    const outcomes = await Promise.allSettled([remove(one.account, other), remove(other.account, one)]);
    expect(outcomes.filter(({ status }) => status === "fulfilled").length).toBe(1);
    const left = await world.query("select 1 as one from membership where provider_id = $1 and role = 'PROVIDER'", [
      provider.split("/")[1],
    ]);
    expect(left.length).toBe(1);
  });

  test("given an account that nobody has, then it becomes no member", async () => {
    const call = internal().createMember({
      parent: `providers/${randomUUID()}`,
      ...member(`accounts/${randomUUID()}`, Role.PROVIDER),
    });
    expect(await refusal(call)).toBe("NOT_FOUND");
  });
});

describe("accounts", () => {
  test("given an etag, then an update of what was read since changed is refused", async () => {
    const tokens = await person();
    const options = as(tokens);
    const { name, etag } = await world.accounts.getAccount({ name: "accounts/me" }, options);
    const rename = (displayName: string, of = etag) =>
      world.accounts.updateAccount(
        { account: { name, etag: of, displayName }, updateMask: { paths: ["display_name"] }, requestId: requestId() },
        options,
      );
    const renamed = await rename("Lina");
    expect(renamed).toMatchObject({ displayName: "Lina", locale: "ar" });
    expect(await refusal(rename("Nour"))).toBe("ETAG_MISMATCH");
    expect((await rename("Nour", renamed.etag)).displayName).toBe("Nour");
    expect(await refusal(rename("", ""))).toBe("VALIDATION_FAILED");
    expect(await refusal(world.accounts.getAccount({ name }, as(await person())))).toBe("NOT_FOUND");
    expect(await refusal(world.accounts.getAccount({ name: "accounts/me" }))).toBe("TOKEN_MISSING");
  });
});

describe("signing keys (ID-04)", () => {
  const kidOf = (token: string) => decodeProtectedHeader(token).kid;
  const rotate = async () => {
    const job = world.platform.service("identity").parts.jobs?.find(({ name }) => name === "rotate-signing-keys");
    await job?.run({}, {} as never);
  };
  const published = async () => (await world.keys.listSigningKeys({})).keys;

  test("given a key near its end, then the next is published ahead, used in time, and the old one goes when its tokens are over", async () => {
    const email = await world.join();
    const old = await world.enter(email);
    expect((await published()).map(({ keyId }) => keyId)).toEqual([kidOf(old.accessToken)]);
    expect(JSON.parse((await published())[0]?.jwk ?? "")).not.toHaveProperty("d");

    await rotate();
    expect((await published()).length).toBe(1);
    world.clock.advance("P29D");
    await rotate();
    const [present, next] = await published();
    expect(present?.keyId).toBe(kidOf(old.accessToken));
    expect(next?.keyId).toBeDefined();
    await rotate();
    expect((await published()).length).toBe(2);

    const before = await world.enter(email);
    expect(kidOf(before.accessToken)).toBe(present?.keyId);
    world.clock.advance("P1DT1M");
    const after = await world.enter(email);
    expect(kidOf(after.accessToken)).toBe(next?.keyId);
    const late = await world.authentication.refreshTokens({
      refreshToken: before.refreshToken,
      requestId: requestId(),
    });
    for (const tokens of [after, late]) await world.accounts.getAccount({ name: "accounts/me" }, as(tokens));

    // A token of the old key that still lives is still good after the change.
    world.clock.advance("P35D");
    await rotate();
    const keys = (await published()).map(({ keyId }) => keyId);
    expect(keys).not.toContain(present?.keyId);
    expect(keys).toContain(next?.keyId);
  });

  test("given a platform that slept for a year, or whose clock was set back, then a key is there at once", async () => {
    const email = await world.join();
    for (const by of ["P365D", "-P200D"]) {
      world.clock.advance(by);
      const tokens = await world.enter(email);
      await world.accounts.getAccount({ name: "accounts/me" }, as(tokens));
    }
  });
});
