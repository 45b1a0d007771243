import type { Message } from "@bufbuild/protobuf";
import { Who } from "@dawr/gen/dawr/access/v1/access_pb.js";
import type { Actor } from "../call/actor.ts";
import type { Call } from "../call/call.ts";
import { PlatformError } from "../errors/platform-error.ts";
import type { Auth } from "./auth.ts";
import { readName } from "./resource-name.ts";
import type { AccessRule, Grant } from "./rule.ts";

/** Whom a resource belongs to. */
export type Owner = { readonly account?: string | undefined; readonly provider?: string | undefined };

/** Tells whom a resource belongs to; undefined when it does not exist. */
export type OwnerOf = (name: string) => Promise<Owner | undefined>;

export type AccessOptions = {
  readonly auth: Auth;
  readonly ownerOf: OwnerOf;
  /** Only asks for a valid token where one is needed: the door leaves the decision to the service behind it. */
  readonly doorOnly?: boolean | undefined;
};

/**
 * Decides by the contract's rule whether the call may go on. Throws TOKEN_MISSING to whom no token was seen of, and
 * NOT_FOUND to everybody else, so that a stranger learns nothing about what exists. Answers undefined, not a promise,
 * when nobody had to be asked.
 */
export function decideAccess(
  rule: AccessRule,
  request: Message | undefined,
  call: Call,
  options: AccessOptions,
): Promise<void> | undefined {
  const { actor } = call;
  for (const grant of rule.grants) {
    if (grant.who === Who.ANYONE) return undefined;
    if (grant.who === Who.INTERNAL && call.workload !== undefined) return undefined;
    if (actor !== undefined && isGrantedByToken(grant, actor, request)) return undefined;
  }
  if (actor === undefined) throw rule.isInternal ? refusal(rule, request) : new PlatformError("TOKEN_MISSING");
  if (options.doorOnly === true) return undefined;
  return decideByOwner(rule, request, actor, options);
}

function isGrantedByToken(grant: Grant, actor: Actor, request: Message | undefined): boolean {
  if (grant.who === Who.OPERATOR)
    return grant.roles.length === 0 ? isOperator(actor) : actor.roles.some((role) => grant.roles.includes(role));
  return grant.who === Who.SELF && (grant.path === undefined || nameIn(grant, request) === actor.account);
}

async function decideByOwner(
  rule: AccessRule,
  request: Message | undefined,
  actor: Actor,
  options: AccessOptions,
): Promise<void> {
  const owners = new Map<string, Owner | undefined>();
  for (const grant of rule.grants) {
    const name = nameIn(grant, request);
    if (name === "") continue;
    if (!owners.has(name)) owners.set(name, await options.ownerOf(name));
    const owner = owners.get(name);
    if (owner !== undefined && (await isGrantedByOwner(grant, actor, owner, options.auth))) return;
  }
  throw refusal(rule, request);
}

async function isGrantedByOwner(grant: Grant, actor: Actor, owner: Owner, auth: Auth): Promise<boolean> {
  const isPersonal = grant.who === Who.SELF || grant.who === Who.PARTICIPANT;
  if (isPersonal && owner.account !== undefined && owner.account === actor.account) return true;
  const isMembers = grant.who === Who.MEMBER || grant.who === Who.PARTICIPANT;
  if (!isMembers || owner.provider === undefined) return false;
  const memberships = await auth.memberships(actor.account);
  return memberships.some(
    ({ provider, permissions }) =>
      provider === owner.provider && (grant.permission === "" || permissions.includes(grant.permission)),
  );
}

const operatorRoles: ReadonlySet<string> = new Set(["support", "admin", "super-admin"]);

/** Whether a person has one of the roles that OPERATOR means where a rule names none. (ID-07) */
export function isOperator(actor: Actor): boolean {
  return actor.roles.some((role) => operatorRoles.has(role));
}

function nameIn(grant: Grant, request: Message | undefined): string {
  return grant.path === undefined || request === undefined ? "" : readName(request, grant.path);
}

function refusal(rule: AccessRule, request: Message | undefined): PlatformError {
  const name = rule.grants.map((grant) => nameIn(grant, request)).find((n) => n !== "");
  return new PlatformError("NOT_FOUND", name === undefined ? {} : { name });
}

/** The owner as a name tells it by itself: "accounts/{a}/…" and "providers/{p}/…". */
export async function ownerByName(name: string): Promise<Owner | undefined> {
  const [collection, id] = name.split("/", 2);
  if (id === undefined || id === "") return undefined;
  if (collection === "accounts") return { account: `accounts/${id}` };
  if (collection === "providers") return { provider: `providers/${id}` };
  return undefined;
}
