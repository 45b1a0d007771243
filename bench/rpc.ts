import { type ContenderName, startContenders } from "./rpc/contenders.ts";
import { median, throughput } from "./rpc/measure.ts";

export type RpcFigures = {
  /** Unary echo through all interceptors of client and server, as a part of raw grpc-js. */
  readonly grpcRatio: number;
  /** Through the gateway to a service, as a part of a bare connect-node server. */
  readonly gatewayRatio: number;
  /** In one process, as a multiple of raw grpc-js. */
  readonly memoryRatio: number;
  readonly perSecond: Readonly<Record<ContenderName, number>>;
};

const concurrency = 64;
const warmUpMs = 1500;
// Short turns, so that neighbours in time see the same machine.
const roundMs = 300;

/** Measures calls, the contenders taking turns; prints a table and answers the figures. */
export async function run({ rounds = 31 } = {}): Promise<RpcFigures> {
  const { by, close } = await startContenders();
  const names: readonly ContenderName[] = ["rawGrpc", "grpc", "memory", "bareConnect", "gateway"];
  const seen: Record<ContenderName, number[]> = { rawGrpc: [], grpc: [], memory: [], bareConnect: [], gateway: [] };
  try {
    for (const name of names) await throughput(by[name], concurrency, warmUpMs);
    for (let round = 0; round < rounds; round++) {
      for (const name of names) seen[name].push(await throughput(by[name], concurrency, roundMs));
    }
  } finally {
    await close();
  }
  // Each round's ratio compares neighbours in time, so that a machine that is busy for a while moves both sides.
  const ratio = (name: ContenderName, to: ContenderName) =>
    round3(median(seen[name].map((value, round) => value / (seen[to][round] ?? Number.NaN))));
  for (const name of names) console.log(`${by[name].name.padEnd(28)} ${Math.round(median(seen[name]))} calls/s`);
  return {
    grpcRatio: ratio("grpc", "rawGrpc"),
    gatewayRatio: ratio("gateway", "bareConnect"),
    memoryRatio: ratio("memory", "rawGrpc"),
    perSecond: {
      rawGrpc: Math.round(median(seen.rawGrpc)),
      grpc: Math.round(median(seen.grpc)),
      memory: Math.round(median(seen.memory)),
      bareConnect: Math.round(median(seen.bareConnect)),
      gateway: Math.round(median(seen.gateway)),
    },
  };
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

if (import.meta.main) {
  console.log(JSON.stringify(await run()));
  process.exit(0);
}
