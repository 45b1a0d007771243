import { randomUUID } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { WatchKind } from "@dawr/gen/dawr/type/v1/watch_pb.js";
import { reasonOf } from "@dawr/rpc";
import { eventually } from "@dawr/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { confirmed, correspondence } from "./correspondence.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.server.mood = "takes";
  world.server.mails.length = 0;
});

const { inbox, person, oneMailTo, settled } = correspondence(() => world);

describe("the inbox", () => {
  test("given messages, then they are listed page by page, counted and marked as seen", async () => {
    const { account } = person("en");
    const me = await world.as(account);
    for (let left = 3; left > 0; left--) await world.bus.publish([confirmed(account)]);
    const parent = "accounts/me";
    const whole = await eventually(async () => {
      const answer = await inbox().listNotifications({ parent }, me);
      expect(answer.notifications).toHaveLength(3);
      return answer;
    });
    expect(whole).toMatchObject({ unseenCount: 3, nextPageToken: "" });
    const first = await inbox().listNotifications({ parent, pageSize: 2 }, me);
    const second = await inbox().listNotifications({ parent, pageSize: 2, pageToken: first.nextPageToken }, me);
    expect([...first.notifications, ...second.notifications].map(({ name }) => name)).toEqual(
      whole.notifications.map(({ name }) => name),
    );
    expect(second.nextPageToken).toBe("");
    const other = inbox().listNotifications(
      { parent, pageSize: 2, unseenOnly: true, pageToken: first.nextPageToken },
      me,
    );
    expect(reasonOf(await other.catch((error: unknown) => error))?.reason).toBe("PAGE_TOKEN_INVALID");
    const [latest] = whole.notifications;
    const names = latest === undefined ? [] : [latest.name];
    const request = { parent, names, requestId: randomUUID() };
    expect(await inbox().markSeen(request, me)).toMatchObject({ unseenCount: 2 });
    expect(await inbox().markSeen(request, me)).toMatchObject({ unseenCount: 2 });
    const unseen = await inbox().listNotifications({ parent, unseenOnly: true }, me);
    expect(unseen.notifications.map(({ name }) => name)).not.toContain(latest?.name);
    expect(await inbox().markSeen({ parent, requestId: randomUUID() }, me)).toMatchObject({ unseenCount: 0 });
    await settled();
  });

  test("given somebody else's inbox, then it is not there, and naming their messages does nothing", async () => {
    const [mine, theirs] = [person("en"), person("en")];
    await world.bus.publish([confirmed(theirs.account)]);
    await oneMailTo(theirs.email);
    const them = await world.as(theirs.account);
    const me = await world.as(mine.account);
    const error: unknown = await inbox()
      .listNotifications({ parent: theirs.account }, me)
      .catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ code: Code.NotFound });
    const { notifications } = await inbox().listNotifications({ parent: theirs.account }, them);
    const names = notifications.map(({ name }) => name);
    await inbox().markSeen({ parent: mine.account, names, requestId: randomUUID() }, me);
    expect(await inbox().listNotifications({ parent: theirs.account }, them)).toMatchObject({ unseenCount: 1 });
  });

  test("given a watcher, then it hears of what comes, and what it missed when it comes back", async () => {
    const { account, email } = person("en");
    const me = await world.as(account);
    const watch = (resumeToken: string) => {
      const controller = new AbortController();
      const stream = inbox().watchNotifications({ parent: account, resumeToken }, { ...me, signal: controller.signal });
      const messages = stream[Symbol.asyncIterator]();
      return {
        next: async () => {
          const { value, done } = await messages.next();
          if (done === true) throw new Error("the stream has ended");
          return value;
        },
        leave: () => controller.abort(),
      };
    };
    const first = watch("");
    const snapshot = await first.next();
    expect(snapshot).toMatchObject({ kind: WatchKind.SNAPSHOT, notifications: [] });
    await world.bus.publish([confirmed(account)]);
    const change = await first.next();
    expect(change).toMatchObject({ kind: WatchKind.CHANGES, notifications: [{ template: "booking-confirmed" }] });
    first.leave();
    await oneMailTo(email);
    const again = watch(snapshot.resumeToken);
    expect((await again.next()).notifications.map(({ name }) => name)).toEqual(
      change.notifications.map(({ name }) => name),
    );
    again.leave();
  });
});
