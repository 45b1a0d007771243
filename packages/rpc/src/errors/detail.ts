import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";

/** One message that travels with an error. */
export type ErrorDetail = { readonly desc: DescMessage; readonly value: Message };

const detailsOf = new WeakMap<object, ErrorDetail[]>();

/** Makes the error carry a message to the caller (a slot conflict's alternatives, say), and returns the error. */
export function attachDetail<E extends object, D extends DescMessage>(
  error: E,
  schema: D,
  message: MessageInitShape<D>,
): E {
  const detail: ErrorDetail = { desc: schema, value: create(schema, message) };
  const known = detailsOf.get(error);
  if (known === undefined) detailsOf.set(error, [detail]);
  else known.push(detail);
  return error;
}

/** The messages attached to an error. */
export function attachedDetails(error: object): readonly ErrorDetail[] {
  return detailsOf.get(error) ?? [];
}
