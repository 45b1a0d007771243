import {
  create,
  createFileRegistry,
  type DescService,
  fromBinary,
  fromJson,
  type Message,
  toJson,
} from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { echoFixture } from "../../test/echo-service.ts";
import { all, errorOf, from } from "../../test/eventually.ts";
import { serveEdge } from "../edge/serve-edge.ts";
import { serveGrpc } from "../grpc/serve-grpc.ts";
import { healthDescriptor, healthService } from "./health.ts";
import { reflectionDescriptors } from "./reflection.ts";

type Server = {
  readonly port: number;
  setHealth(service: string, isServing: boolean): void;
  close(graceMs: number): Promise<void>;
};
const log = { error: () => undefined };
const host = "127.0.0.1";
const echo = "dawr.testing.v1.EchoService";

describe.each<[string, () => Promise<Server>]>([
  ["grpc-js", () => serveGrpc({ mounted: [echoFixture().mounted], port: 0, host })],
  ["the edge", () => serveEdge({ mounted: [echoFixture().mounted], port: 0, host, log })],
])("on %s", (_name, open) => {
  let server: Server;
  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.close(0));

  const [check, watch] = healthDescriptor.methods;
  const unary = async (request: object) => {
    if (check === undefined) throw new Error("health has no Check");
    const client = createClient(healthDescriptor, createGrpcTransport({ baseUrl: `http://${host}:${server.port}` }));
    const call = client.check as unknown as (input: Message) => Promise<Message>;
    return toJson(check.output, await call(fromJson(check.input, request as never)));
  };

  test("health tells what serves, what does not, and what is unknown", async () => {
    expect(watch?.methodKind).toBe("server_streaming");
    expect(await unary({})).toEqual({ status: "SERVING" });
    expect(await unary({ service: echo })).toEqual({ status: "SERVING" });
    server.setHealth(echo, false);
    expect(await unary({ service: echo })).toEqual({ status: "NOT_SERVING" });
    server.setHealth(echo, true);
    expect(await errorOf(unary({ service: "none" }))).toMatchObject({ code: 5 });
  });

  test.each(reflectionDescriptors.map((d) => [d.typeName, d] as const))(
    "%s tells the contracts",
    async (_type, service) => {
      const [list, file, byName, missing] = await ask(
        service,
        server.port,
        { listServices: "*" },
        { fileContainingSymbol: `${echo}.Echo` },
        { fileByFilename: "dawr/testing/v1/echo.proto" },
        { fileContainingSymbol: "no.Such" },
      );
      expect(list?.listServicesResponse).toEqual({
        service: expect.arrayContaining([{ name: echo }, { name: "grpc.health.v1.Health" }]),
      });
      for (const answer of [file, byName]) {
        const names = filesIn(answer).map(({ name }) => name);
        expect(names[0]).toBe("dawr/testing/v1/echo.proto");
        expect(names).toContain("dawr/access/v1/access.proto");
      }
      expect(missing?.errorResponse).toMatchObject({ errorCode: 5 });
    },
  );

  test.each(
    reflectionDescriptors.flatMap((d) =>
      ["Status", "ErrorInfo", "LocalizedMessage", "BadRequest", "RetryInfo"].map(
        (name) => [d.typeName, name, d] as const,
      ),
    ),
  )("given %s, when asked for google.rpc.%s, then a tool can read what errors carry", async (_type, name, service) => {
    const symbol = `google.rpc.${name}`;
    const [answer] = await ask(service, server.port, { fileContainingSymbol: symbol });
    // Each file comes with what it imports: a registry of them would refuse a gap.
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: [...filesIn(answer)].reverse() }));
    expect(registry.getMessage(symbol)?.typeName).toBe(symbol);
  });
});

test("given a door that opens some methods, when asked, then it tells of these alone", async () => {
  const { mounted } = echoFixture();
  const methods = new Map([...mounted.methods].filter(([path]) => !path.endsWith("/EchoInternal")));
  const server = await serveEdge({ mounted: [{ ...mounted, methods }], port: 0, host, log });
  try {
    const [service] = reflectionDescriptors;
    if (service === undefined) throw new Error("there is no reflection");
    const [list, file, hidden, open] = await ask(
      service,
      server.port,
      { listServices: "*" },
      { fileContainingSymbol: echo },
      { fileContainingSymbol: `${echo}.EchoInternal` },
      { fileContainingSymbol: `${echo}.Echo` },
    );
    expect(JSON.stringify(list)).not.toContain("UnguardedService");
    const [contract] = filesIn(file);
    expect(contract?.service.map(({ name }) => name)).toEqual(["EchoService"]);
    const names = contract?.service[0]?.method.map(({ name }) => name);
    expect(names).toEqual(EchoService.methods.map(({ name }) => name).filter((name) => name !== "EchoInternal"));
    expect([hidden?.errorResponse, open?.errorResponse]).toEqual([
      expect.objectContaining({ errorCode: 5 }),
      undefined,
    ]);
  } finally {
    await server.close(0);
  }
});

async function ask(service: DescService, port: number, ...questions: object[]) {
  const [info] = service.methods;
  if (info === undefined) throw new Error("reflection has no method");
  const client = createClient(service, createGrpcTransport({ baseUrl: `http://${host}:${port}` }));
  const call = client.serverReflectionInfo as unknown as (input: AsyncIterable<Message>) => AsyncIterable<Message>;
  const answers = await all(call(from(...questions.map((q) => fromJson(info.input, q as never)))));
  return answers.map((a) => toJson(info.output, a) as Record<string, never>);
}

function filesIn(answer: Record<string, never> | undefined): readonly FileDescriptorProto[] {
  const response = answer?.fileDescriptorResponse as { fileDescriptorProto: string[] } | undefined;
  return (response?.fileDescriptorProto ?? []).map((bytes) =>
    fromBinary(FileDescriptorProtoSchema, base64Decode(bytes)),
  );
}

test("a watcher of health hears of each change, and of the end", async () => {
  const health = healthService();
  health.set("a", true);
  const heard = health.watch("a", new AbortController().signal);
  const told = async () => (await heard.next()).value;
  expect(await told()).toBe("SERVING");
  const next = told();
  health.set("a", false);
  expect(await next).toBe("NOT_SERVING");
  health.set("a", true);
  expect(await told()).toBe("SERVING");
  health.shutdown();
  expect(await told()).toBe("NOT_SERVING");
});
