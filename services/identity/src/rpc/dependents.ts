import { clone, create } from "@bufbuild/protobuf";
import { EmptySchema } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { Vertical_DependentKind as Kind } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import {
  Dependent_Sex,
  type Dependent as DependentMessage,
  DependentSchema,
  DependentService,
  ListDependentsResponseSchema,
} from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import type { Date as DateMessage } from "@dawr/gen/google/type/date_pb.js";
import { applyMask, checkEtag, type FieldRule, FieldsError, invalid, PlatformError, requireActor } from "@dawr/rpc";
import { once, readPageToken, sealWith, signPageToken, type Tx } from "@dawr/store";
import type { Deps } from "../deps.ts";
import { type DependentFault, faultsOf } from "../domain/dependent.ts";
import { IdentityError } from "../domain/errors.ts";
import { dependentName, idOf, parseDependentName } from "../names.ts";
import { findAccount } from "../store/accounts.ts";
import {
  countDependents,
  type Dependent,
  deleteDependent,
  findDependent,
  insertDependent,
  listDependents,
  saveDependent,
} from "../store/dependents.ts";
import { contexts } from "../store/encrypted-columns.ts";
import { timestamp } from "./account-to-proto.ts";

const { method } = DependentService;

const writable = [
  "display_name",
  "birth_date",
  "species",
  "breed",
  "weight_grams",
  "sex",
  "medical_notes",
  "vaccinations",
];

/** The calls about the children and pets for whom a person books. (ID-08) */
export function dependentService(deps: Deps): ServiceImpl<typeof DependentService> {
  const { store, keys, now, newId, settings } = deps;
  // Answers hold personal and health data.
  const options = { seal: sealWith(keys, contexts.answer) };

  return {
    async getDependent({ name }) {
      const found = await store.read((tx) => findDependent(tx, keys, parseDependentName(name)));
      return dependentToProto(known(found, name));
    },

    async listDependents({ parent, pageSize, pageToken }) {
      const query = { list: "dependents", parent };
      const after = readPageToken({ key: keys, query, token: pageToken });
      const limit = pageSize === 0 ? 50 : pageSize;
      const afterId = typeof after === "string" ? after : undefined;
      const rows = await store.read((tx) => listDependents(tx, keys, idOf(parent), afterId, limit + 1));
      const page = rows.slice(0, limit);
      const cursor = rows.length > limit ? page.at(-1)?.id : undefined;
      return create(ListDependentsResponseSchema, {
        dependents: page.map(dependentToProto),
        nextPageToken: cursor === undefined ? "" : signPageToken({ key: keys, query, cursor }),
      });
    },

    async createDependent(request, context) {
      const content = request.dependent;
      if (content === undefined) throw invalid("dependent");
      const accountId = idOf(request.parent);
      const call = { actor: requireActor(context).account, method: method.createDependent, request };
      const make = async (tx: Tx) => {
        // Locked, so that two at once do not both find room for one.
        const account = await findAccount(tx, keys, accountId, "lock");
        if (account === undefined) throw new PlatformError("NOT_FOUND", { name: request.parent });
        const limit = settings.IDENTITY_DEPENDENTS_PER_ACCOUNT;
        if ((await countDependents(tx, accountId)) >= limit) {
          throw new IdentityError("DEPENDENT_LIMIT_REACHED", { limit: String(limit) });
        }
        const at = now();
        const dependent = { accountId, id: newId(), version: 1n, content, createTime: at, updateTime: at };
        requirePossible(content, at);
        await insertDependent(tx, keys, dependent);
        return dependentToProto(dependent);
      };
      return await once(store, call, make, options);
    },

    async updateDependent(request, context) {
      const wanted = request.dependent;
      if (wanted === undefined) throw invalid("dependent");
      const call = { actor: requireActor(context).account, method: method.updateDependent, request };
      const update = async (tx: Tx) => {
        const before = known(await findDependent(tx, keys, parseDependentName(wanted.name), "lock"), wanted.name);
        checkEtag(wanted, before.version);
        const content = applyMask(DependentSchema, before.content, wanted, request.updateMask, writable);
        requirePossible(content, now());
        const after = { ...before, content, version: before.version + 1n, updateTime: now() };
        await saveDependent(tx, keys, after);
        return dependentToProto(after);
      };
      return await once(store, call, update, options);
    },

    async deleteDependent(request, context) {
      const call = { actor: requireActor(context).account, method: method.deleteDependent, request };
      return await once(store, call, async (tx) => {
        const key = parseDependentName(request.name);
        const before = known(await findDependent(tx, keys, key, "lock"), request.name);
        checkEtag(request, before.version);
        await deleteDependent(tx, key);
        return create(EmptySchema);
      });
    },
  };
}

function known(found: Dependent | undefined, name: string): Dependent {
  if (found === undefined) throw new PlatformError("NOT_FOUND", { name });
  return found;
}

function requirePossible(dependent: DependentMessage, at: Temporal.Instant): void {
  const { kind, displayName, birthDate, species, breed, weightGrams, sex, vaccinations } = dependent;
  const pets = {
    species: species !== "",
    breed: breed !== "",
    weightGrams: weightGrams !== 0,
    sex: sex !== Dependent_Sex.UNSPECIFIED,
  };
  const faults = faultsOf(
    {
      isChild: kind === Kind.CHILD,
      displayName,
      birthDate: dateOf(birthDate),
      vaccinationDates: vaccinations.flatMap(({ date }) => dateOf(date) ?? []),
      petFields: Object.entries(pets).flatMap(([field, isSet]) => (isSet ? [field] : [])),
    },
    // Where the day begins first: who is born there is not born tomorrow.
    at.toZonedDateTimeISO("Pacific/Kiritimati").toPlainDate(),
  );
  if (faults.length === 0) return;
  throw new FieldsError(
    "VALIDATION_FAILED",
    faults.map(({ field, rule }) => ({ field: `dependent.${field}`, rules: [rules[rule]] })),
  );
}

const rules: Readonly<Record<DependentFault["rule"], FieldRule>> = {
  required: { name: "required" },
  not_later: { name: "dependent.not_later", text: "must not be later than today" },
  of_pets: { name: "dependent.pet", text: "species, breed, weightGrams and sex are of pets" },
};

function dateOf(date: DateMessage | undefined): Temporal.PlainDate | undefined {
  return date && Temporal.PlainDate.from({ year: date.year, month: date.month, day: date.day });
}

function dependentToProto(dependent: Dependent): DependentMessage {
  const message = clone(DependentSchema, dependent.content);
  message.name = dependentName(dependent);
  message.createTime = timestamp(dependent.createTime);
  message.updateTime = timestamp(dependent.updateTime);
  message.etag = dependent.version.toString();
  return message;
}
