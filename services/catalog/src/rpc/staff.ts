import { clone, create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  BatchGetStaffMembersResponseSchema,
  ListStaffMembersResponseSchema,
  type StaffMember,
  StaffMemberSchema,
  StaffService,
} from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { applyMask, invalid, requireActor } from "@dawr/rpc";
import { once } from "@dawr/store";
import { checkCurrency, checkReferences } from "../domain/rules.ts";
import { tellStaffMember } from "../events/catalog-events.ts";
import { idOf } from "../names.ts";
import { serviceKind, staffKind } from "../store/part-kinds.ts";
import { activeParts } from "../store/parts.ts";
import type { Deps } from "./deps.ts";
import {
  archivePart,
  batchGetParts,
  createPart,
  getPart,
  listPartsPage,
  type PartWriting,
  updatePart,
} from "./parts.ts";

const writable = ["display_name", "title", "account", "skills", "languages"];

const { method } = StaffService;

/** The calls of a provider's staff. (CA-04) */
export function staff(deps: Deps): ServiceImpl<typeof StaffService> {
  return {
    getStaffMember: ({ name }, context) => getPart(deps, staffKind, name, context, shown),
    async batchGetStaffMembers({ names }, context) {
      const staffMembers = await batchGetParts(deps, staffKind, names, context, shown);
      return create(BatchGetStaffMembersResponseSchema, { staffMembers });
    },
    async listStaffMembers(request, context) {
      const { page, nextPageToken } = await listPartsPage(deps, staffKind, request, context, shown);
      return create(ListStaffMembersResponseSchema, { staffMembers: page, nextPageToken });
    },
    async createStaffMember(request, context) {
      const { parent, staffMember } = request;
      if (staffMember === undefined) throw invalid("staffMember");
      const call = { actor: requireActor(context).account, method: method.createStaffMember, request };
      const content = clone(StaffMemberSchema, staffMember);
      return await once(deps.store, call, (tx) =>
        createPart(tx, deps, writing, { providerId: idOf(parent), id: deps.newId(), content }),
      );
    },
    async updateStaffMember(request, context) {
      const wanted = request.staffMember;
      if (wanted === undefined) throw invalid("staffMember");
      const call = { actor: requireActor(context).account, method: method.updateStaffMember, request };
      return await once(deps.store, call, (tx) =>
        updatePart(tx, deps, writing, wanted, (content) => {
          const changed = applyMask(StaffMemberSchema, content, wanted, request.updateMask, writable);
          if (changed.displayName === undefined) throw invalid("staffMember.displayName");
          return changed;
        }),
      );
    },
    async archiveStaffMember(request, context) {
      const call = { actor: requireActor(context).account, method: method.archiveStaffMember, request };
      return await once(deps.store, call, (tx) => archivePart(tx, deps, writing, request.name));
    },
  };
}

const writing: PartWriting<StaffMember> = {
  kind: staffKind,
  tell: tellStaffMember,
  async check(tx, { content }, { id, currencyCode }) {
    if (content.skills.length === 0) return;
    const services = await activeParts(tx, serviceKind, id);
    const known = new Set(services.map((service) => `providers/${id}/services/${service.id}`));
    checkReferences(
      content.skills.map(({ service }) => service),
      known,
    );
    for (const { price } of content.skills) if (price !== undefined) checkCurrency(price.currencyCode, [currencyCode]);
  },
};

/** The account behind a staff member is the house's own business. */
function shown(member: StaffMember, isInside: boolean): StaffMember {
  return isInside ? member : { ...member, account: "" };
}
