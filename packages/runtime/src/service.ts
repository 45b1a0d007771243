import type { DescService, Message } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import type { ConfigShape, ConfigValues } from "@dawr/config";
import type { Consumer } from "@dawr/events";
import type { ErrorTable, Implementation, Mounted, OwnerOf, PlatformAuth } from "@dawr/rpc";
import type { EncryptedColumn, KeyRing, openStore, Store, Tx } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";
import type { Job, JobOptions } from "./jobs.ts";
import type { StepRunner } from "./steps.ts";
import type { Timer } from "./timer.ts";

/** The entity schemas that the store opens with. */
export type Entities = NonNullable<Parameters<typeof openStore>[0]["entities"]>;

/**
 * A service as a value: what it is called, what it needs, and how it starts. The runtime runs one or all of them, and gives
 * each the settings of its own shape; so a list may hold services of any settings, which TypeScript allows as long as what
 * takes a host is written as a method, not as a property that holds a function.
 */
export type ServiceDefinition<S extends ConfigShape = ConfigShape> = {
  /** The service's name, which is also its schema and the second word of its contract's package: `dawr.<name>.v1`. */
  readonly name: string;
  /** The service's own environment variables; the runtime's (database, ports, keys) are added by the runtime. */
  readonly config: S;
  /** The folder of the service's forward-only migrations. A service without it has no database. */
  readonly migrations?: URL;
  readonly entities?: Entities;
  /** The columns that hold what the host's keys have encrypted, all of them: they are encrypted anew when the keys change. */
  readonly encrypted?: readonly EncryptedColumn[];
  readonly errors: ErrorTable;
  /** Wires the service. Must not call other services: they may not have started yet. */
  start(host: Host<S>): Promise<Parts> | Parts;
  /** Takes whole resources in bulk, those that it knows by `$typeName`, with set-based SQL: the demo market. */
  importResources?(tx: Tx, resources: readonly Message[], host: Host<S>): Promise<void>;
};

/** What the runtime gives to a service. */
export type Host<S extends ConfigShape = ConfigShape> = {
  readonly name: string;
  readonly config: ConfigValues<S>;
  /** Throws for a service without migrations: it has no database. */
  readonly store: Store;
  /** A typed client of another service (or of this one); calls only once everything has started. */
  client<D extends DescService>(service: D): Client<D>;
  /** The platform's clock. */
  readonly now: () => Temporal.Instant;
  /** UUIDv7. */
  readonly newId: () => string;
  readonly log: Logger;
  /** Throws for a service without a database: what has nothing to decrypt is given no keys. */
  readonly keys: KeyRing;
  readonly auth: PlatformAuth;
  /** A folder of the service's own for files, when the environment names one. */
  readonly dataDir?: string;
  /** What this service serves, for listeners; complete once start() has returned. */
  mounted(): readonly Mounted[];
  /** Adds a job to be run after the transaction commits; the same key replaces the job that still waits. */
  enqueue(tx: Tx, job: string, payload: unknown, options?: JobOptions): Promise<void>;
};

/** What a service is made of once it has started; everything is optional. */
export type Parts = {
  readonly implementations?: readonly Implementation[];
  readonly ownerOf?: OwnerOf;
  readonly consumers?: readonly Consumer[];
  readonly jobs?: readonly Job[];
  readonly timers?: readonly Timer[];
  readonly steps?: readonly StepRunner[];
  readonly listeners?: readonly Listener[];
  /** Further dependencies of this service's readiness, by name. */
  readonly checks?: readonly Check[];
  /** Called once everything runs, before the service says that it is ready; other services may be called. */
  ready?(): Promise<void>;
  /** Called when everything that could call the service has stopped, before its store closes. */
  stop?(): Promise<void>;
};

/** A port of the service's own, besides gRPC: the public door, the sandbox's pages, SMTP. */
export type Listener = {
  readonly name: string;
  start(): Promise<Listening>;
};

/** A listener that listens. */
export type Listening = {
  readonly url: string;
  /** Called when the platform turns unready, before it stops listening: tells load balancers to go elsewhere. */
  unready?(): void;
  /** Takes no new work, lets what runs finish, and ends what has not finished after `graceMs`. */
  close(graceMs: number): Promise<void>;
};

/** One dependency that readiness asks; throws when it is not there. */
export type Check = {
  readonly name: string;
  /** False: the failure is reported without failing readiness (vendors, payment gateways; OP-03). */
  readonly required: boolean;
  check(): Promise<void>;
};

/** Defines a service; the value is what runs it alone or with all others. */
export function defineService<S extends ConfigShape>(definition: ServiceDefinition<S>): ServiceDefinition<S> {
  return definition;
}
