import { createHash } from "node:crypto";

/** A source of ids for tests: UUIDv7 in form and order, the same ones for the same seed. */
export function testIds(seed: number | string): () => string {
  let count = 0;
  return () => {
    const bytes = createHash("sha256").update(`${seed}/${count}`).digest().subarray(0, 16);
    bytes.writeUIntBE(firstMs + count, 0, 6);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    count += 1;
    return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };
}

const firstMs = Date.UTC(2026, 0, 1);
