import { create } from "@bufbuild/protobuf";
import { durationField } from "@dawr/config";
import { append, defineConsumer, on } from "@dawr/events";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { ThingHappenedSchema } from "@dawr/gen/dawr/testing/v1/events_pb.js";
import { defineErrors, forward, guard, implement, serveEdge } from "@dawr/rpc";
import type { Tx } from "@dawr/store";
import { addStep, defineService, nextDeadline, stepRunner } from "../src/index.ts";

const errors = defineErrors({ domain: "testing.dawr", reasons: {} });

/** What a test can hold back or let go within the services. */
export type Gate = { readonly entered: Promise<void>; enter(): void; readonly opened: Promise<void>; open(): void };

export function gate(): Gate {
  const entered = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return { entered: entered.promise, enter: entered.resolve, opened: opened.promise, open: opened.resolve };
}

const did = (tx: Tx, kind: string, key: string) =>
  tx.query("insert into done_work (kind, key) values ($1, $2)", [kind, key]);

/** Implements the echo contract; each write brings an event, a job, a stored step and a deadline with it. */
export function testingService(slow?: Gate) {
  return defineService({
    name: "testing",
    config: { HOLD: durationField().describe("how long a thing is held").default(Temporal.Duration.from("PT15M")) },
    migrations: new URL("migrations/testing/", import.meta.url),
    errors,
    start: ({ store, config, now, enqueue, log }) => ({
      implementations: [
        implement(EchoService, {
          async echo(request) {
            log.info({ request }, `asked by ${request.email}`);
            slow?.enter();
            await slow?.opened;
            return { text: request.text };
          },
          async write({ text, requestId }) {
            await store.transaction(async (tx) => {
              await tx.query("insert into thing (id, text) values ($1, $2)", [requestId, text]);
              await tx.query("insert into deadline (id, due_time) values ($1, $2::timestamptz)", [
                requestId,
                now().add(config.HOLD).toString(),
              ]);
              tx.notify("testing_deadline");
              const message = create(ThingHappenedSchema, { name: `things/${requestId}`, number: 1n, text });
              append(tx, [
                { schema: ThingHappenedSchema, message, subject: message.name, key: requestId, sequence: 1n },
              ]);
              await enqueue(tx, "tidy", { thing: requestId });
              addStep(tx, { runner: "testing.saga", key: requestId, name: "tell" });
            });
            return { text };
          },
        }),
      ],
      jobs: [
        {
          name: "tidy",
          async run(payload) {
            const thing = typeof payload === "object" && payload !== null && "thing" in payload ? payload.thing : "";
            await store.transaction((tx) => did(tx, "job", String(thing)));
          },
        },
      ],
      steps: [
        stepRunner({
          name: "testing.saga",
          run: (step) =>
            store.transaction(async (tx) => {
              await did(tx, "step", step.key);
              step.done(tx);
            }),
        }),
      ],
      timers: [
        nextDeadline({
          name: "hold",
          channel: "testing_deadline",
          async next() {
            const [row] = await store.read((tx) =>
              tx.query<{ due: Temporal.Instant | null }>("select min(due_time) as due from deadline"),
            );
            return row?.due ?? undefined;
          },
          fire: () =>
            store.transaction(async (tx) => {
              const rows = await tx.query<{ id: string }>(
                "delete from deadline where due_time <= $1::timestamptz returning id",
                [now().toString()],
              );
              for (const { id } of rows) await did(tx, "deadline", id);
            }),
        }),
      ],
    }),
  });
}

/** Keeps a copy of what happened, and is the door to the other one, as the gateway is. */
export const watcherService = defineService({
  name: "watcher",
  config: {},
  migrations: new URL("migrations/watcher/", import.meta.url),
  errors,
  start: ({ client, auth, log }) => ({
    consumers: [
      defineConsumer({
        name: "watcher.things",
        from: "testing",
        handlers: [
          on(ThingHappenedSchema, async (tx, { name, text }) => {
            await tx.query("insert into seen (name, text) values ($1, $2)", [name, text]);
          }),
        ],
      }),
    ],
    listeners: [
      {
        name: "door",
        async start() {
          const implementations = [forward(EchoService, client(EchoService))];
          const mounted = [guard({ service: "watcher", implementations, errors: [errors], auth, log, doorOnly: true })];
          const server = await serveEdge({ mounted, port: 0, host: "127.0.0.1", log });
          return { url: `http://127.0.0.1:${server.port}`, close: (graceMs) => server.close(graceMs) };
        },
      },
    ],
  }),
});
