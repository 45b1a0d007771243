import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  BookingLimitSchema,
  type BookingRules as BookingRulesProto,
  BookingRulesSchema,
  ScheduleService,
} from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { PlatformError, requireActor } from "@dawr/rpc";
import { once } from "@dawr/store";
import type { BookingRules } from "../domain/calendar.ts";
import { AvailabilityError } from "../domain/errors.ts";
import type { Limit } from "../domain/question.ts";
import { loadRules, lockRules, type RulesRow, saveRules } from "../store/booking-rules.ts";
import { ownerExists } from "../store/schedules.ts";
import type { Deps } from "./deps.ts";
import { mayRead } from "./members.ts";
import { lastIdOf, providerIdOf, providerName, serviceName, staffName } from "./names.ts";
import { etagOf } from "./schedule-proto.ts";
import { timestampOfInstant } from "./time-proto.ts";

/** Gets the booking rules of a provider; the defaults where it has set none. Error: NOT_FOUND. */
export const getBookingRulesRpc =
  (deps: Deps): ServiceImpl<typeof ScheduleService>["getBookingRules"] =>
  async ({ name }, context) => {
    const providerId = providerIdOf(name);
    await mayRead(deps, context, name);
    return deps.store.read(async (tx) => {
      const [isThere, rules] = await Promise.all([
        ownerExists(tx, providerId, providerId, "PROVIDER"),
        loadRules(tx, providerId, deps.defaults),
      ]);
      if (!isThere) throw new PlatformError("NOT_FOUND", { name });
      return rulesToProto(name, rules);
    });
  };

/** Updates booking rules. An empty mask changes the fields that are set. Errors: NOT_FOUND, ETAG_MISMATCH, OTHER_PROVIDER. */
export const updateBookingRulesRpc =
  (deps: Deps): ServiceImpl<typeof ScheduleService>["updateBookingRules"] =>
  async (request, context) => {
    const { account } = requireActor(context);
    const change = request.bookingRules;
    if (!change) throw new TypeError("the contract requires booking rules here");
    const { name } = change;
    const providerId = providerIdOf(name);
    const call = { actor: account, method: ScheduleService.method.updateBookingRules, request };
    return once(deps.store, call, async (tx) => {
      if (!(await ownerExists(tx, providerId, providerId, "PROVIDER"))) throw new PlatformError("NOT_FOUND", { name });
      const current = await lockRules(tx, providerId, deps.defaults);
      if (change.etag !== "" && change.etag !== etagOf(current.version))
        throw new PlatformError("ETAG_MISMATCH", { name });
      const rules = updatedRules(providerId, current.rules, change, new Set(request.updateMask?.paths ?? []));
      return rulesToProto(name, await saveRules(tx, providerId, rules, deps.defaults));
    });
  };

/** The rules after an update of some fields; an empty set changes those that are set. */
export function updatedRules(
  providerId: string,
  current: BookingRules,
  change: BookingRulesProto,
  fields: ReadonlySet<string>,
): BookingRules {
  const pick = (field: string, value: number, now: number): number =>
    fields.has(field) || (fields.size === 0 && value !== 0) ? value : now;
  const changesLimits = fields.has("limits") || (fields.size === 0 && change.limits.length > 0);
  return {
    stepMinutes: pick("slot_step_minutes", change.slotStepMinutes, current.stepMinutes) || current.stepMinutes,
    noticeMinutes: pick("min_notice_minutes", change.minNoticeMinutes, current.noticeMinutes),
    horizonDays: pick("max_horizon_days", change.maxHorizonDays, current.horizonDays) || current.horizonDays,
    hotWindowMinutes: pick("hot_window_minutes", change.hotWindowMinutes, current.hotWindowMinutes),
    hotDiscountPercent: pick("hot_discount_percent", change.hotDiscountPercent, current.hotDiscountPercent),
    travelMinutes: pick("travel_minutes", change.travelMinutes, current.travelMinutes),
    limits: changesLimits ? change.limits.map((limit) => limitFromProto(providerId, limit)) : current.limits,
  };
}

function limitFromProto(providerId: string, { subject, perDay, perWeek }: BookingRulesProto["limits"][number]): Limit {
  if (providerIdOf(subject) !== providerId) throw new AvailabilityError("OTHER_PROVIDER", { name: subject });
  const [, , collection] = subject.split("/");
  const kind = collection === "services" ? "SERVICE" : collection === "staff" ? "STAFF" : "PROVIDER";
  return {
    kind,
    id: kind === "PROVIDER" ? "" : lastIdOf(subject),
    perDay: perDay === 0 ? undefined : perDay,
    perWeek: perWeek === 0 ? undefined : perWeek,
  };
}

function rulesToProto(name: string, { rules, version, updateTime }: RulesRow): BookingRulesProto {
  const providerId = providerIdOf(name);
  const subjectOf = ({ kind, id }: Limit) =>
    kind === "PROVIDER"
      ? providerName(providerId)
      : kind === "SERVICE"
        ? serviceName(providerId, id)
        : staffName(providerId, id);
  return create(BookingRulesSchema, {
    name,
    slotStepMinutes: rules.stepMinutes,
    minNoticeMinutes: rules.noticeMinutes,
    maxHorizonDays: rules.horizonDays,
    limits: rules.limits.map((limit) =>
      create(BookingLimitSchema, { subject: subjectOf(limit), perDay: limit.perDay ?? 0, perWeek: limit.perWeek ?? 0 }),
    ),
    hotWindowMinutes: rules.hotWindowMinutes,
    hotDiscountPercent: rules.hotDiscountPercent,
    travelMinutes: rules.travelMinutes,
    ...(updateTime ? { updateTime: timestampOfInstant(updateTime) } : {}),
    etag: etagOf(version),
  });
}
