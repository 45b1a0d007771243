import { type DescService, fromJson, type JsonObject, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import type { GuardedMethod } from "../guard/guard-method.ts";
import { catalogueOf } from "./catalogue.ts";
import { serviceOf } from "./descriptors.ts";
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

/** The standard reflection services (v1 and v1alpha) over the methods that are served: tools like grpcurl learn the contracts from them. */
export function reflectionServices(served: readonly GuardedMethod[]): readonly GuardedMethod[] {
  const own = reflectionDescriptors.flatMap((service) => service.methods);
  const catalogue = catalogueOf([...served.map(({ method }) => method), ...own]);
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

function objectOf(json: JsonValue): JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : {};
}
