import { chmod, lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  addKeyVersion,
  createKeyFile,
  DecryptionError,
  dataKey,
  type KeyRing,
  keyFileReadEveryMs,
  openKeyRing,
  readKeyFile,
  removeKeyVersionsBefore,
} from "../index.ts";

const one = { version: 1, key: Buffer.alloc(32, 1) };
const two = { version: 2, key: Buffer.alloc(32, 2) };

let old: KeyRing;
let rotated: KeyRing;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dawr-keys-"));
  old = await openKeyRing({ versions: [one] });
  rotated = await openKeyRing({ versions: [one, two] });
});

afterAll(() => rm(folder, { recursive: true }));

describe("encryption", () => {
  test("gives back what it was given, in the same context only", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), fc.string(), (plain, context, other) => {
        const sealed = rotated.encrypt(plain, context);
        expect([...rotated.decrypt(sealed, context)]).toEqual([...plain]);
        if (other !== context) expect(() => rotated.decrypt(sealed, other)).toThrow(DecryptionError);
      }),
    );
  });

  test("refuses bytes of which any bit was changed, or that were cut", () => {
    const sealed = old.encrypt("layla@example.com", "email");
    fc.assert(
      fc.property(fc.nat({ max: sealed.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ (1 << bit) : byte));
        expect(() => old.decrypt(changed, "email")).toThrow(DecryptionError);
        expect(() => old.decrypt(sealed.subarray(0, at), "email")).toThrow(DecryptionError);
      }),
    );
  });

  test("differs each time, and holds nothing readable", () => {
    const [first, second] = [old.encrypt("layla", "name"), old.encrypt("layla", "name")];
    expect(Buffer.compare(first, second)).not.toBe(0);
    expect(Buffer.from(first).toString("latin1")).not.toContain("layla");
  });

  test("goes on under a new version; the old one still reads; without it nothing does", async () => {
    const before = old.encrypt("text", "c");
    const after = rotated.encrypt("text", "c");
    expect([old.versionOf(before), rotated.versionOf(after), old.versionOf(Buffer.of(9))]).toEqual([1, 2, undefined]);
    expect(Buffer.from(rotated.decrypt(before, "c")).toString()).toBe("text");
    const onlyNew = await openKeyRing({ versions: [two], indexKey: Buffer.alloc(32, 9) });
    expect(() => onlyNew.decrypt(before, "c")).toThrow("version 1");
    expect(Buffer.from(onlyNew.decrypt(after, "c")).toString()).toBe("text");
  });
});

describe("blind indexes", () => {
  test("are equal for equal values in one context, and outlive rotation", () => {
    const hex = (keys: KeyRing, value: string, context: string): string =>
      Buffer.from(keys.blindIndex(value, context)).toString("hex");
    expect(hex(old, "a@b.c", "email")).toBe(hex(rotated, "a@b.c", "email"));
    expect(
      new Set([
        hex(old, "a@b.c", "email"),
        hex(old, "a@b.d", "email"),
        hex(old, "a@b.c", "phone"),
        hex(old, "ail", "em"),
      ]).size,
    ).toBe(4);
  });
});

describe("signatures", () => {
  test("hold for what was signed in its context, also after rotation", () => {
    const signature = old.sign("quote", "quotes");
    expect(rotated.verify("quote", signature, "quotes")).toBe(true);
    expect(rotated.verify("quotf", signature, "quotes")).toBe(false);
    expect(rotated.verify("quote", signature, "quote")).toBe(false);
    expect(rotated.verify("quote", signature.subarray(1), "quotes")).toBe(false);
    expect(old.verify("quote", rotated.sign("quote", "quotes"), "quotes")).toBe(false);
  });
});

describe("data keys", () => {
  test("encrypt a person's data and are stored wrapped", () => {
    const { key, wrapped } = old.newDataKey("accounts/1");
    const sealed = key.encrypt("allergic to nuts", "note");
    const again = rotated.unwrapDataKey(wrapped, "accounts/1");
    expect(Buffer.from(again.decrypt(sealed, "note")).toString()).toBe("allergic to nuts");
    expect(Buffer.from(dataKey(key.bytes).decrypt(sealed, "note")).toString()).toBe("allergic to nuts");
    expect(() => old.unwrapDataKey(wrapped, "accounts/2")).toThrow(DecryptionError);
    expect(() => old.newDataKey("x").key.decrypt(sealed, "note")).toThrow(DecryptionError);
    // A wrapped key is no ordinary encrypted value.
    expect(() => old.decrypt(wrapped, "accounts/1")).toThrow(DecryptionError);
    const rewrapped = rotated.wrapDataKey(again, "accounts/1");
    expect(rotated.versionOf(rewrapped)).toBe(2);
    expect(rotated.unwrapDataKey(rewrapped, "accounts/1").bytes).toEqual(key.bytes);
  });
});

describe("a key file", () => {
  test("is made once, for its owner alone, however many start together", async () => {
    const file = join(folder, "new", "keys.json");
    const rings = await Promise.all(Array.from({ length: 8 }, () => openKeyRing(file, { create: true })));
    const sealed = rings[0]?.encrypt("text", "c") ?? Buffer.of();
    for (const ring of rings) expect(Buffer.from(ring.decrypt(sealed, "c")).toString()).toBe("text");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("takes new versions, and keeps the old", async () => {
    const file = join(folder, "rotate.json");
    const before = await openKeyRing(file, { create: true });
    expect(await addKeyVersion(file)).toBe(2);
    const after = await openKeyRing(file);
    expect(after.currentVersion).toBe(2);
    expect(Buffer.from(after.decrypt(before.encrypt("text", "c"), "c")).toString()).toBe("text");
    expect(after.blindIndex("v", "c")).toEqual(before.blindIndex("v", "c"));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("is read again by a running process that meets a newer version", async () => {
    const file = join(folder, "rolling.json");
    const running = await openKeyRing(file, { create: true });
    await addKeyVersion(file);
    const sealed = (await openKeyRing(file)).encrypt("text", "c");
    await eventually(() => expect(Buffer.from(running.decrypt(sealed, "c")).toString()).toBe("text"));
    expect(running.currentVersion).toBe(2);
    const madeUp = Uint8Array.from(sealed, (byte, index) => (index === 1 ? 9 : byte));
    expect(() => running.decrypt(madeUp, "c")).toThrow(DecryptionError);
  });

  test("given a newer version, when a running process encrypts some seconds later, then it does so under that", async () => {
    const file = join(folder, "followed.json");
    const running = await openKeyRing(file, { create: true });
    const before = running.encrypt("text", "c");
    await addKeyVersion(file);
    const addedMs = performance.now();
    await eventually(() => expect(running.versionOf(running.encrypt("text", "c"))).toBe(2), { timeoutMs: 15_000 });
    expect(performance.now() - addedMs).toBeLessThan(keyFileReadEveryMs + 1_000);
    expect(Buffer.from(running.decrypt(before, "c")).toString()).toBe("text");
  });

  test("given a file that went away, when a running process goes on, then it has the keys that it had", async () => {
    const file = join(folder, "away.json");
    const running = await openKeyRing(file, { create: true });
    await rm(file);
    const madeUp = Uint8Array.from(running.encrypt("text", "c"), (byte, index) => (index === 4 ? 2 : byte));
    expect(() => running.decrypt(madeUp, "c")).toThrow("no key of version 2");
    expect(Buffer.from(running.decrypt(running.encrypt("text", "c"), "c")).toString()).toBe("text");
  });

  test("gives up its older versions, and keeps what rows are found by", async () => {
    const file = join(folder, "retired.json");
    const before = await openKeyRing(file, { create: true });
    const sealed = before.encrypt("text", "c");
    expect(await removeKeyVersionsBefore(file, 1)).toEqual([]);
    await addKeyVersion(file);
    await addKeyVersion(file);
    expect(await removeKeyVersionsBefore(file, 3)).toEqual([1, 2]);
    await expect(removeKeyVersionsBefore(file, 4)).rejects.toThrow("needs a version");
    const after = await openKeyRing(file);
    expect(after.currentVersion).toBe(3);
    expect(() => after.decrypt(sealed, "c")).toThrow("no key of version 1");
    expect(after.blindIndex("v", "c")).toEqual(before.blindIndex("v", "c"));
  });

  test("given a link to it, and a group that may read it, when a version is added, then both stay so", async () => {
    const file = join(folder, "real", "keys.json");
    await createKeyFile(file);
    await chmod(file, 0o640);
    const link = join(folder, "link.json");
    await symlink(file, link);
    await addKeyVersion(link);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    const times = readKeyFile(file).versions.map(
      ({ createTime }) => createTime ?? Temporal.Instant.from("1970-01-01Z"),
    );
    expect(times.map((time) => Temporal.Now.instant().since(time).total("minutes") < 1)).toEqual([true, true]);
  });

  test("that is missing, open to everybody or broken is refused, without its contents", async () => {
    await expect(openKeyRing(join(folder, "none.json"))).rejects.toThrow("ENOENT");
    const file = join(folder, "open.json");
    await createKeyFile(file);
    await chmod(file, 0o644);
    await expect(openKeyRing(file)).rejects.toThrow("chmod 600");
    await chmod(file, 0o600);
    const content = await readFile(file, "utf8");
    await writeFile(file, content.replace('"indexKey"', '"index"'));
    await expect(openKeyRing(file)).rejects.toThrow(/does not hold keys as key files do$/);
  });

  test.each([
    ["no version", []],
    ["a short key", [{ version: 1, key: Buffer.alloc(16) }]],
    ["versions that do not grow", [two, one]],
    ["no first version and no index key", [two]],
  ])("keys with %s are refused", async (_, versions) => {
    await expect(openKeyRing({ versions })).rejects.toThrow();
  });
});
