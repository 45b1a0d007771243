import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { access, Who } from "@dawr/gen/dawr/access/v1/access_pb.js";
import { type NamePath, namePath } from "./resource-name.ts";

/** One kind of caller that a rule lets in. */
export type Grant = {
  readonly who: Who;
  readonly permission: string;
  readonly roles: readonly string[];
  /** Where the request holds the resource's name. */
  readonly path: NamePath | undefined;
};

/** Who may call a method: whoever any of the grants lets in. */
export type AccessRule = {
  readonly grants: readonly Grant[];
  /** True when no person may call it, so that the public door does not open it. */
  readonly isInternal: boolean;
};

export const anyoneRule: AccessRule = {
  grants: [{ who: Who.ANYONE, permission: "", roles: [], path: undefined }],
  isInternal: false,
};

/** Reads a method's rule from its contract; throws when it has none, or one that cannot be kept. */
export function accessRuleOf(method: DescMethod): AccessRule {
  const name = `${method.parent.typeName}/${method.name}`;
  if (!hasOption(method, access)) throw new Error(`${name} has no access rule`);
  const { rules } = getOption(method, access);
  if (rules.length === 0) throw new Error(`${name} has no access rule`);
  const grants = rules.map(({ who, permission, roles, field }) => {
    if (Who[who] === undefined || who === Who.UNSPECIFIED) throw new Error(`${name} has a rule for nobody`);
    const needsField = who === Who.MEMBER || who === Who.PARTICIPANT;
    if (needsField && field === "") throw new Error(`${name} has a rule for ${Who[who]} that names no field`);
    const isClientStream = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
    // A stream's handler starts before its first message is there, so nothing in a message can decide.
    if (isClientStream && field !== "") throw new Error(`${name} is a client stream with a rule that names a field`);
    return { who, permission, roles, path: field === "" ? undefined : namePath(method.input, field) };
  });
  return { grants, isInternal: grants.every((g) => g.who === Who.INTERNAL) };
}

/** True when the method may be reached through the public door. */
export function isPublic(method: DescMethod): boolean {
  return !accessRuleOf(method).isInternal;
}
