import {
  type DescFile,
  type DescService,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { GuardedMethod } from "../guard/guard-method.ts";
import { serviceOf } from "./descriptors.ts";
import { healthDescriptor } from "./health.ts";
import { openMethods } from "./open-methods.ts";

const messages = {
  ServerReflectionRequest: [
    ["host", 1, "string"],
    ["file_by_filename", 3, "string", "message_request"],
    ["file_containing_symbol", 4, "string", "message_request"],
    ["file_containing_extension", 5, "ExtensionRequest", "message_request"],
    ["all_extension_numbers_of_type", 6, "string", "message_request"],
    ["list_services", 7, "string", "message_request"],
  ],
  ExtensionRequest: [
    ["containing_type", 1, "string"],
    ["extension_number", 2, "int32"],
  ],
  ServerReflectionResponse: [
    ["valid_host", 1, "string"],
    ["original_request", 2, "ServerReflectionRequest"],
    ["file_descriptor_response", 4, "FileDescriptorResponse", "message_response"],
    ["all_extension_numbers_response", 5, "ExtensionNumberResponse", "message_response"],
    ["list_services_response", 6, "ListServiceResponse", "message_response"],
    ["error_response", 7, "ErrorResponse", "message_response"],
  ],
  FileDescriptorResponse: [["file_descriptor_proto", 1, "*bytes"]],
  ExtensionNumberResponse: [
    ["base_type_name", 1, "string"],
    ["extension_number", 2, "*int32"],
  ],
  ListServiceResponse: [["service", 1, "*ServiceResponse"]],
  ServiceResponse: [["name", 1, "string"]],
  ErrorResponse: [
    ["error_code", 1, "int32"],
    ["error_message", 2, "string"],
  ],
} as const;

const versions = ["grpc.reflection.v1", "grpc.reflection.v1alpha"].map((name) =>
  serviceOf({
    package: name,
    messages,
    service: {
      name: "ServerReflection",
      methods: [
        {
          name: "ServerReflectionInfo",
          input: "ServerReflectionRequest",
          output: "ServerReflectionResponse",
          streams: "both",
        },
      ],
    },
  }),
);

/** The versions of the reflection service that are served. */
export const reflectionDescriptors: readonly DescService[] = versions.map((v) => v.service);

/** The standard reflection services (v1 and v1alpha) over what is served: tools like grpcurl learn the contracts from them. */
export function reflectionServices(served: readonly DescService[]): readonly GuardedMethod[] {
  const services = [...served, healthDescriptor, ...reflectionDescriptors];
  const catalogue = catalogueOf(services);
  return versions.flatMap(({ service, message }) => {
    const input = message("ServerReflectionRequest");
    const output = message("ServerReflectionResponse");
    async function* serverReflectionInfo(requests: AsyncIterable<Message>): AsyncGenerator<Message> {
      for await (const request of requests) {
        const asked = toJson(input, request);
        yield fromJson(output, { originalRequest: asked, ...catalogue(objectOf(asked)) });
      }
    }
    return openMethods(service, { serverReflectionInfo });
  });
}

function catalogueOf(services: readonly DescService[]): (asked: JsonObject) => JsonObject {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  for (const service of services) add(service.file);
  const symbols = new Map<string, DescFile>();
  for (const file of files.values()) for (const name of symbolsOf(file)) symbols.set(name, file);

  return (asked) => {
    if ("listServices" in asked) {
      return { listServicesResponse: { service: services.map((s) => ({ name: s.typeName })) } };
    }
    if ("fileByFilename" in asked) return fileAnswer(files.get(String(asked.fileByFilename)));
    if ("fileContainingSymbol" in asked) {
      return fileAnswer(symbols.get(String(asked.fileContainingSymbol).replace(/^\./, "")));
    }
    if ("fileContainingExtension" in asked) {
      const { containingType, extensionNumber } = objectOf(asked.fileContainingExtension);
      const found = [...files.values()].find((file) =>
        file.extensions.some((e) => e.extendee.typeName === containingType && e.number === extensionNumber),
      );
      return fileAnswer(found);
    }
    const baseTypeName = String(asked.allExtensionNumbersOfType ?? "");
    const extensionNumber = [...files.values()]
      .flatMap((file) => file.extensions)
      .filter((e) => e.extendee.typeName === baseTypeName)
      .map((e) => e.number);
    return { allExtensionNumbersResponse: { baseTypeName, extensionNumber } };
  };
}

/** A file together with all that it imports, so that one answer is enough. */
function fileAnswer(file: DescFile | undefined): JsonObject {
  if (file === undefined) return { errorResponse: { errorCode: Code.NotFound, errorMessage: "not found" } };
  const all = new Set<DescFile>();
  const add = (f: DescFile): void => {
    if (all.has(f)) return;
    all.add(f);
    f.dependencies.forEach(add);
  };
  add(file);
  const fileDescriptorProto = [...all].map((f) => base64Encode(toBinary(FileDescriptorProtoSchema, f.proto)));
  return { fileDescriptorResponse: { fileDescriptorProto } };
}

function symbolsOf(file: DescFile): readonly string[] {
  const nested = (messages: DescFile["messages"]): string[] =>
    messages.flatMap((m) => [m.typeName, ...m.nestedEnums.map((e) => e.typeName), ...nested(m.nestedMessages)]);
  return [
    ...nested(file.messages),
    ...file.enums.map((e) => e.typeName),
    ...file.extensions.map((e) => e.typeName),
    ...file.services.flatMap((s) => [s.typeName, ...s.methods.map((m) => `${s.typeName}.${m.name}`)]),
  ];
}

function objectOf(json: JsonValue | undefined): JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}
