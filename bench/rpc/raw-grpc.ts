import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import {
  type EchoRequest,
  EchoRequestSchema,
  type EchoResponse,
  EchoResponseSchema,
} from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import type { MethodDefinition } from "@grpc/grpc-js";

/** The echo method as somebody would give it to grpc-js without packages/rpc, with the same Protobuf-ES messages. */
export const rawDefinition: MethodDefinition<EchoRequest, EchoResponse> = {
  path: "/dawr.testing.v1.EchoService/Echo",
  requestStream: false,
  responseStream: false,
  requestSerialize: writer(EchoRequestSchema),
  requestDeserialize: (bytes) => fromBinary(EchoRequestSchema, bytes),
  responseSerialize: writer(EchoResponseSchema),
  responseDeserialize: (bytes) => fromBinary(EchoResponseSchema, bytes),
};

function writer<S extends DescMessage>(schema: S): (message: MessageShape<S>) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}
