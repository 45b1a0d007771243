import { type DescMessage, type DescMethod, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";

/** A message that came in but could not be read: told from a message, so that the answer can say why. */
export class Malformed {
  readonly cause: unknown;
  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** What grpc-js wants to know of a method. */
export type MethodCodec = {
  readonly path: string;
  readonly hasResponseStream: boolean;
  readonly requestSerialize: (message: Message) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => Message | Malformed;
  readonly responseSerialize: (message: Message) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Message | Malformed;
};

/** Makes a method's codec for Protobuf-ES messages; unreadable messages become Malformed. */
export function methodCodec(method: DescMethod): MethodCodec {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    hasResponseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: serializer(method.input),
    requestDeserialize: deserializer(method.input),
    responseSerialize: serializer(method.output),
    responseDeserialize: deserializer(method.output),
  };
}

function serializer(schema: DescMessage): (message: Message) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

function deserializer(schema: DescMessage): (bytes: Buffer) => Message | Malformed {
  return (bytes) => {
    try {
      return fromBinary(schema, bytes);
    } catch (error) {
      return new Malformed(error);
    }
  };
}
