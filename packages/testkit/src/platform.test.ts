import { randomUUID } from "node:crypto";
import { EchoService } from "@dawr/gen/dawr/testing/v1/echo_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { listener, speaker } from "../test/echo-services.ts";
import { asAdmin } from "./admin.ts";
import { eventually } from "./eventually.ts";
import { type Platform, testPlatform } from "./platform.ts";

describe("testPlatform", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await testPlatform([speaker, listener], { ports: ["SPEAKER_PORT"] });
  });
  afterAll(async () => {
    await platform.stop();
    await expect(asAdmin((client) => client.query("select"), platform.database.url)).rejects.toThrow("does not exist");
  });

  test("given a call through the door and one within, then both are answered", async () => {
    expect(platform.urls.gateway).toBe(`http://127.0.0.1:${platform.env.SPEAKER_PORT}`);
    expect((await platform.client(EchoService).echo({ text: "ahlan" })).text).toBe("ahlan");
    expect((await platform.internal(EchoService).echo({ text: "ahlan" })).text).toBe("ahlan");
  });

  test("given an event of one service, then the other hears it", async () => {
    await platform.client(EchoService).write({ text: "hear this", requestId: randomUUID() });
    await eventually(async () => {
      const heard = await platform.service("listener").store.read((tx) => tx.query("select text from heard"));
      expect(heard).toEqual([{ text: "hear this" }]);
    });
  });
});
