import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescService,
  fromJson,
  type JsonObject,
} from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

/** A field as the builder takes it: its type, and its number; "*" before a type repeats it. */
type FieldSpec = readonly [name: string, number: number, type: string, oneof?: string];
type FileSpec = {
  readonly package: string;
  readonly messages: Readonly<Record<string, readonly FieldSpec[]>>;
  readonly enums?: Readonly<Record<string, readonly string[]>>;
  readonly service: {
    readonly name: string;
    readonly methods: readonly {
      readonly name: string;
      readonly input: string;
      readonly output: string;
      readonly streams: "" | "server" | "both";
    }[];
  };
};

/**
 * Builds the descriptor of a small standard service (health, reflection), which the platform serves but has no
 * contract of its own for.
 */
export function serviceOf(spec: FileSpec): { readonly service: DescService; message(name: string): DescMessage } {
  const set = create(FileDescriptorSetSchema, { file: [fileOf(spec)] });
  const registry = createFileRegistry(set);
  const service = registry.getService(`${spec.package}.${spec.service.name}`);
  if (service === undefined) throw new Error(`${spec.package} has no service`);
  return {
    service,
    message(name) {
      const message = registry.getMessage(`${spec.package}.${name}`);
      if (message === undefined) throw new Error(`${spec.package} has no message ${name}`);
      return message;
    },
  };
}

function fileOf(spec: FileSpec): FileDescriptorProto {
  const name = (type: string) => `.${spec.package}.${type}`;
  const file: JsonObject = {
    name: `${spec.package.replaceAll(".", "/")}/${spec.package.split(".")[1] ?? ""}.proto`,
    package: spec.package,
    syntax: "proto3",
    messageType: Object.entries(spec.messages).map(([message, fields]) => messageOf(spec, message, fields)),
    enumType: Object.entries(spec.enums ?? {}).map(([type, values]) => ({
      name: type,
      value: values.map((value, number) => ({ name: value, number })),
    })),
    service: [
      {
        name: spec.service.name,
        method: spec.service.methods.map((m) => ({
          name: m.name,
          inputType: name(m.input),
          outputType: name(m.output),
          serverStreaming: m.streams !== "",
          clientStreaming: m.streams === "both",
        })),
      },
    ],
  };
  return fromJson(FileDescriptorProtoSchema, file);
}

function messageOf(spec: FileSpec, name: string, fields: readonly FieldSpec[]): JsonObject {
  const oneofs = [...new Set(fields.flatMap(([, , , oneof]) => oneof ?? []))];
  return {
    name,
    oneofDecl: oneofs.map((oneof) => ({ name: oneof })),
    field: fields.map(([field, number, type, oneof]) => ({
      name: field,
      // protoc would write it; without it fields have no names in JSON.
      jsonName: protoCamelCase(field),
      number,
      label: FieldDescriptorProto_Label[type.startsWith("*") ? "REPEATED" : "OPTIONAL"],
      ...typeOf(spec, type.replace("*", "")),
      ...(oneof === undefined ? {} : { oneofIndex: oneofs.indexOf(oneof) }),
    })),
  };
}

const scalars: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  string: FieldDescriptorProto_Type.STRING,
  bytes: FieldDescriptorProto_Type.BYTES,
  int32: FieldDescriptorProto_Type.INT32,
};

function typeOf(spec: FileSpec, type: string): JsonObject {
  const scalar = scalars[type];
  if (scalar !== undefined) return { type: scalar };
  const isEnum = spec.enums?.[type] !== undefined;
  return {
    type: isEnum ? FieldDescriptorProto_Type.ENUM : FieldDescriptorProto_Type.MESSAGE,
    typeName: `.${spec.package}.${type}`,
  };
}
