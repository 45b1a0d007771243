import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { Env } from "@dawr/config";
import { type Caller, grpcCaller, type Mounted, memoryCaller, type WorkloadIssuer } from "@dawr/rpc";

export type RemoteCallerOptions = {
  /** The service that calls; its own contracts it calls in memory. */
  readonly service: string;
  readonly env: Env;
  readonly issuer: WorkloadIssuer;
  readonly own: () => readonly Mounted[];
};

/** Calls other services over gRPC where the environment says that they are. */
export function remoteCaller({ service, env, issuer, own }: RemoteCallerOptions): Caller {
  const inMemory = memoryCaller(own, { workload: service });
  const callers = new Map<string, Caller>();
  return {
    client<S extends DescService>(contract: S): Client<S> {
      const owner = ownerOfContract(contract);
      if (owner === service) return inMemory.client(contract);
      let caller = callers.get(owner);
      if (caller === undefined) {
        caller = grpcCaller({ target: targetOf(owner, env), workloadToken: () => issuer.token(service) });
        callers.set(owner, caller);
      }
      return caller.client(contract);
    },
    close() {
      for (const caller of callers.values()) caller.close();
      inMemory.close();
    },
  };
}

/** The service that owns a contract: the second word of its package, `dawr.<service>.v1`. */
function ownerOfContract(contract: DescService): string {
  return contract.typeName.split(".")[1] ?? contract.typeName;
}

/** Where a service is: `<SERVICE>_ADDRESS`, a gRPC target or host:port, else its name in the cluster's DNS. */
export function targetOf(service: string, env: Env): string {
  const address = env[`${service.toUpperCase().replaceAll("-", "_")}_ADDRESS`] || `${service}:50051`;
  return /^[a-z]+:\/\//.test(address) || /^ipv[46]:/.test(address) ? address : `dns:///${address}`;
}
