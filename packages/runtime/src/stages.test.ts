import { createLogger } from "@dawr/telemetry";
import { describe, expect, test } from "@jest/globals";
import { createStages, StopError } from "./stages.ts";

const log = createLogger({ service: "test", level: "silent" });

function recorded(limitMs = 1_000) {
  const order: string[] = [];
  const stages = createStages({ limitMs, log, onStage: (stage) => order.push(`[${stage}]`) });
  return { order, stages };
}

describe("createStages", () => {
  test("given things started in any order, when they are stopped, then stage by stage, each once", async () => {
    const { order, stages } = recorded();
    for (const [stage, what] of [
      ["closed", "store"],
      ["flushed", "relay"],
      ["drained", "door"],
      ["unready", "readiness"],
      ["idle", "jobs"],
      ["stopped", "service"],
    ] as const)
      stages.add(stage, what, async () => {
        await Promise.resolve();
        order.push(what);
      });
    await Promise.all([stages.stop(), stages.stop()]);
    expect(order).toEqual([
      ...["readiness", "[unready]", "door", "[drained]", "jobs", "[idle]"],
      ...["relay", "[flushed]", "service", "[stopped]", "store", "[closed]"],
    ]);
  });

  test("given something that fails to stop, when all is stopped, then the rest is stopped too and it is named", async () => {
    const { order, stages } = recorded();
    stages.add("drained", "the door", () => Promise.reject(new Error("stuck")));
    stages.add("closed", "the store", () => {
      order.push("store");
    });
    await expect(stages.stop()).rejects.toThrow(new StopError("did not stop cleanly: the door"));
    expect(order).toContain("store");
  });

  test("given something that never stops, when the limit is over, then the rest is stopped and it is named", async () => {
    const { order, stages } = recorded(50);
    stages.add("idle", "an endless job", () => new Promise(() => {}));
    stages.add("closed", "the store", (graceMs) => {
      order.push(graceMs >= 250 ? "store with time left" : "store");
    });
    await expect(stages.stop()).rejects.toThrow(StopError);
    expect(order).toContain("store with time left");
  });

  test("given servers that drain for long, when all is stopped, then later stages still have time", async () => {
    const { stages } = recorded(1_000);
    const graces: number[] = [];
    stages.add("drained", "the door", (graceMs) => {
      graces.push(graceMs);
    });
    await stages.stop();
    expect(graces).toEqual([600]);
  });
});
