import http2 from "node:http2";
import net from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { EchoRequestSchema } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { expect, test } from "@jest/globals";
import { serveEdge } from "../src/index.ts";
import { echoFixture } from "./echo-service.ts";

const echoPath = "/dawr.testing.v1.EchoService/Echo";

test("closing lets a running call end, and takes no new connection", async () => {
  const fixture = echoFixture();
  const own = await serveEdge({
    mounted: [fixture.mounted],
    port: 0,
    host: "127.0.0.1",
    log: { error: () => undefined },
  });
  const session = http2.connect(`http://127.0.0.1:${own.port}`);
  const stream = session.request({ ":method": "POST", ":path": echoPath, "content-type": "application/proto" });
  const answered = new Promise<number>((resolve) =>
    stream.once("response", (head) => resolve(Number(head[":status"]))),
  );
  // The body comes only after closing has begun.
  stream.write(toBinary(EchoRequestSchema, create(EchoRequestSchema, { text: "a" })));
  await new Promise((resolve) => setTimeout(resolve, 30));
  const closed = own.close(5000);
  stream.end();
  stream.resume();
  expect(await answered).toBe(200);
  await closed;
  await expect(new Promise((_, reject) => net.connect(own.port, "127.0.0.1").once("error", reject))).rejects.toThrow(
    /ECONNREFUSED/,
  );
  session.destroy();
});
