import { createHash } from "node:crypto";

/**
 * The request id of one step of a request that has another: a UUIDv5 (RFC 9562) of the step's name in the request id's
 * namespace, the same however often the step is repeated.
 */
export function derivedRequestId(requestId: string, step: string): string {
  if (!isUuid(requestId)) throw new TypeError(`${requestId} is no UUID`);
  const namespace = Buffer.from(requestId.replaceAll("-", ""), "hex");
  const bytes = createHash("sha1").update(namespace).update(step, "utf8").digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Whether a text is a UUID in its usual form. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}
