import { create } from "@bufbuild/protobuf";
import { portField } from "@dawr/config";
import { append, defineConsumer, on } from "@dawr/events";
import { EchoResponseSchema, EchoService, WriteResponseSchema } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { ThingHappenedSchema } from "@dawr/gen/dawr/testing/v1/events_pb.js";
import { defineErrors, implement, serveEdge } from "@dawr/rpc";
import { defineService } from "@dawr/runtime";

const errors = defineErrors({ domain: "testing.dawr", reasons: {} });
const migrations = new URL("./migrations/", import.meta.url);

/** Answers calls and publishes what it is told; its listener "gateway" serves the same over HTTP. */
export const speaker = defineService({
  name: "speaker",
  config: { SPEAKER_PORT: portField().describe("port of the calls") },
  migrations,
  errors,
  start: (host) => {
    const implementation = implement(EchoService, {
      echo: (request) => create(EchoResponseSchema, { text: request.text }),
      write: async (request) => {
        const key = host.newId();
        const message = create(ThingHappenedSchema, { text: request.text });
        await host.store.transaction((tx) =>
          append(tx, [{ schema: ThingHappenedSchema, message, subject: `things/${key}`, key, sequence: 1n }]),
        );
        return create(WriteResponseSchema);
      },
    });
    return {
      implementations: [implementation],
      listeners: [
        {
          name: "gateway",
          start: async () => {
            const { SPEAKER_PORT: port } = host.config;
            const server = await serveEdge({ mounted: host.mounted(), port, host: "127.0.0.1", log: host.log });
            return { url: `http://127.0.0.1:${server.port}`, close: (graceMs) => server.close(graceMs) };
          },
        },
      ],
    };
  },
});

/** Writes down what the speaker publishes. */
export const listener = defineService({
  name: "listener",
  config: {},
  migrations,
  errors,
  start: () => ({
    consumers: [
      defineConsumer({
        name: "listener.speaker",
        from: "speaker",
        handlers: [
          on(ThingHappenedSchema, async (tx, message, event) => {
            await tx.query("insert into heard (event_id, text) values ($1, $2)", [event.id, message.text]);
          }),
        ],
      }),
    ],
  }),
});
