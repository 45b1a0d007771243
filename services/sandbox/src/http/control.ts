import type { Deps } from "../charging/deps.ts";
import { readFaultPlan } from "../live-faults.ts";
import { json, jsonBody, type Route } from "./exchange.ts";
import { onlyLoopback } from "./own-hosts.ts";

/** Sets the faults that are played, for tests and drills on this machine: GET, PUT and DELETE /control/faults. */
export function controlRoutes({ faults, now }: Pick<Deps, "faults" | "now">): readonly Route[] {
  const pattern = /^\/control\/faults$/;
  return [
    { method: "GET", pattern, handle: onlyLoopback(() => json(200, faults.plan())) },
    {
      method: "PUT",
      pattern,
      handle: onlyLoopback(async (call) => {
        await faults.set(readFaultPlan(jsonBody(call)), now());
        return json(200, faults.plan());
      }),
    },
    {
      method: "DELETE",
      pattern,
      handle: onlyLoopback(async () => {
        await faults.set(undefined, now());
        return json(200, faults.plan());
      }),
    },
  ];
}
