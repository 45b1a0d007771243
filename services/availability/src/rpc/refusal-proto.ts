import { create } from "@bufbuild/protobuf";
import {
  RefusalKind,
  type Refusal as RefusalProto,
  RefusalSchema,
  SlotClause,
} from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { TimeRangeSchema } from "@dawr/gen/dawr/type/v1/time_range_pb.js";
import type { Closure, Refusal } from "../domain/refusal.ts";
import type { Minute } from "../domain/zone-line.ts";
import { providerName, reservationName, resourceName, serviceName, staffName, timeOffName } from "./names.ts";
import { timestampOf } from "./time-proto.ts";

/** Writes a refusal; who refuses and when is told to members only. (S13) */
export function refusalsToProto(providerId: string, refusal: Refusal, isMember: boolean): readonly RefusalProto[] {
  const base = {
    clause: CLAUSES[refusal.clause],
    itemIndex: refusal.item ?? 0,
    staffMember: refusal.staffId === undefined ? "" : staffName(providerId, refusal.staffId),
  };
  return factsOf(providerId, refusal).map(({ kind, subject, from, to }) =>
    create(RefusalSchema, {
      ...base,
      kind,
      ...(isMember && subject !== undefined ? { subject } : {}),
      ...(isMember && from !== undefined && to !== undefined
        ? { range: create(TimeRangeSchema, { startTime: timestampOf(from), endTime: timestampOf(to) }) }
        : {}),
    }),
  );
}

type Fact = { readonly kind: RefusalKind; readonly subject?: string; readonly from?: Minute; readonly to?: Minute };

function factsOf(providerId: string, refusal: Refusal): readonly Fact[] {
  const unit = refusal.unitId === undefined ? {} : { subject: resourceName(providerId, refusal.unitId) };
  switch (refusal.kind) {
    case "PROVIDER_CLOSED":
    case "STAFF_CLOSED":
    case "RESOURCE_CLOSED":
    case "STAFF_AWAY":
    case "RESOURCE_AWAY":
      return [{ ...unit, ...closureFact(providerId, refusal.because) }];
    case "STAFF_BUSY":
    case "RESOURCE_BUSY":
      return refusal.holders.map(({ id, from, to }) => ({
        kind: RefusalKind.RESERVATION,
        subject: reservationName(providerId, id),
        from,
        to,
      }));
    case "SEQUENCE_DOES_NOT_FIT":
      return [{ kind: RefusalKind.GAP }];
    case "NOT_ON_GRID":
      return [{ kind: RefusalKind.GRID }];
    case "TOO_SOON":
      return [{ kind: RefusalKind.NOTICE }];
    case "TOO_FAR_AHEAD":
      return [{ kind: RefusalKind.HORIZON }];
    case "DAILY_LIMIT":
      return [{ kind: RefusalKind.DAILY_LIMIT, subject: limitSubject(providerId, refusal.limit) }];
    case "WEEKLY_LIMIT":
      return [{ kind: RefusalKind.WEEKLY_LIMIT, subject: limitSubject(providerId, refusal.limit) }];
    case "NO_SEATS":
      return [{ kind: RefusalKind.SEATS }];
    case "PARTY_TOO_LARGE":
      return [{ kind: refusal.unitId === undefined ? RefusalKind.SEATS : RefusalKind.RESOURCE_CAPACITY, ...unit }];
    case "NO_STAFF":
      return [{ kind: RefusalKind.SKILL }];
    case "GONE":
      return [{ kind: RefusalKind.NOT_BOOKABLE, ...unit }];
    case "OUTSIDE_WINDOW":
      return [{ kind: RefusalKind.UNSPECIFIED }];
  }
}

function closureFact(providerId: string, because: Closure): Fact {
  if (because.kind === "TIME_OFF") {
    const { id, from, to } = because.timeOff;
    return { kind: RefusalKind.TIME_OFF, subject: timeOffName(providerId, id), from, to };
  }
  return { kind: because.kind === "BREAK" ? RefusalKind.BREAK : RULES[because.rule.kind] };
}

function limitSubject(
  providerId: string,
  { kind, id }: { readonly kind: "PROVIDER" | "SERVICE" | "STAFF"; readonly id: string },
): string {
  if (kind === "PROVIDER") return providerName(providerId);
  return kind === "SERVICE" ? serviceName(providerId, id) : staffName(providerId, id);
}

const RULES = {
  WEEKLY: RefusalKind.WEEKLY_HOURS,
  OVERRIDE: RefusalKind.DATE_OVERRIDE,
  SEASON: RefusalKind.SEASONAL_HOURS,
  HOLIDAY: RefusalKind.HOLIDAY,
} as const;

const CLAUSES = {
  S3: SlotClause.ALL_OPEN,
  S4: SlotClause.BUSY,
  S5: SlotClause.SEQUENCE,
  S6: SlotClause.GRID,
  S7: SlotClause.NOTICE_AND_HORIZON,
  S8: SlotClause.LIMIT,
  S9: SlotClause.CAPACITY,
  S10: SlotClause.STAFF,
  S12: SlotClause.WINDOW,
} as const;
