import { inProcessBus, startRelay } from "@dawr/events";
import { openStore } from "@dawr/store";
import { change, consumerOf, now, silent } from "./bus-world.ts";

// One process of a service that publishes, relays and consumes until it is killed: kill-child.ts PRODUCER_URL READER_URL
const [producerUrl = "", readerUrl = ""] = process.argv.slice(2);
const producer = await openStore({ url: producerUrl, schema: "shop", now, log: silent });
const reader = await openStore({ url: readerUrl, schema: "desk", now, log: silent });
const bus = inProcessBus({ log: silent, now });
await bus.subscribe([consumerOf("desk.copies"), consumerOf("desk.views", () => {}, { projection: true })], reader);
await startRelay({ store: producer, bus, source: "dawr.shop", log: silent, now, leaseMs: 600 });
process.stdout.write("ready\n");
for (let turn = 0; ; turn++) await change(producer, String(turn % 12));
