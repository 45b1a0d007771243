import { type DescFile, type DescMethod, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@dawr/gen/google/rpc/error_details_pb.js";
import { StatusSchema } from "@dawr/gen/google/rpc/status_pb.js";

/** Answers one question of a ServerReflectionRequest, both in JSON. */
export type Catalogue = (asked: JsonObject) => JsonObject;

/**
 * Answers what the contracts of some methods say. Of their files it shows these methods and no others, so that who asks
 * the public door hears of nothing that it does not open; and what errors carry, for tools have to read those too.
 */
export function catalogueOf(methods: readonly DescMethod[]): Catalogue {
  const served = new Set(methods);
  const services = [...new Set(methods.map(({ parent }) => parent))];
  const files = new Map<string, DescFile>();
  const add = (file: DescFile): void => {
    if (files.has(file.proto.name)) return;
    files.set(file.proto.name, file);
    file.dependencies.forEach(add);
  };
  for (const { file } of [...services, ErrorInfoSchema, StatusSchema]) add(file);
  const symbols = new Map<string, DescFile>();
  for (const file of files.values()) for (const name of symbolsOf(file, served)) symbols.set(name, file);

  return (asked) => {
    if ("listServices" in asked) {
      return { listServicesResponse: { service: services.map((s) => ({ name: s.typeName })) } };
    }
    if ("fileByFilename" in asked) return fileAnswer(files.get(String(asked.fileByFilename)), served);
    if ("fileContainingSymbol" in asked) {
      return fileAnswer(symbols.get(String(asked.fileContainingSymbol).replace(/^\./, "")), served);
    }
    const extension = asked.fileContainingExtension;
    if (typeof extension === "object" && extension !== null && !Array.isArray(extension)) {
      const found = [...files.values()].find((file) =>
        file.extensions.some(
          (e) => e.extendee.typeName === extension.containingType && e.number === extension.extensionNumber,
        ),
      );
      return fileAnswer(found, served);
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
function fileAnswer(file: DescFile | undefined, served: ReadonlySet<DescMethod>): JsonObject {
  if (file === undefined) return { errorResponse: { errorCode: Code.NotFound, errorMessage: "not found" } };
  const all = new Set<DescFile>();
  const add = (f: DescFile): void => {
    if (all.has(f)) return;
    all.add(f);
    f.dependencies.forEach(add);
  };
  add(file);
  return { fileDescriptorResponse: { fileDescriptorProto: [...all].map((f) => servedPart(f, served)) } };
}

function servedPart(file: DescFile, served: ReadonlySet<DescMethod>): string {
  const service = file.services.flatMap(({ proto, methods }) => {
    const method = methods.filter((each) => served.has(each)).map((each) => each.proto);
    return method.length === 0 ? [] : [{ ...proto, method }];
  });
  return base64Encode(toBinary(FileDescriptorProtoSchema, { ...file.proto, service }));
}

function symbolsOf(file: DescFile, served: ReadonlySet<DescMethod>): readonly string[] {
  const nested = (messages: DescFile["messages"]): string[] =>
    messages.flatMap((m) => [m.typeName, ...m.nestedEnums.map((e) => e.typeName), ...nested(m.nestedMessages)]);
  const methods = file.services.flatMap((service) => service.methods).filter((method) => served.has(method));
  return [
    ...nested(file.messages),
    ...file.enums.map((e) => e.typeName),
    ...file.extensions.map((e) => e.typeName),
    ...methods.flatMap(({ parent, name }) => [parent.typeName, `${parent.typeName}.${name}`]),
  ];
}
