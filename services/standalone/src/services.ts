import { availability } from "@dawr/availability/service";
import { booking } from "@dawr/booking/service";
import { catalog } from "@dawr/catalog/service";
import { gateway } from "@dawr/gateway/service";
import { identity } from "@dawr/identity/service";
import { messaging } from "@dawr/messaging/service";
import { payment } from "@dawr/payment/service";
import type { ServiceDefinition } from "@dawr/runtime";
import { sandbox } from "@dawr/sandbox/service";
import { search } from "@dawr/search/service";
import { dataKeyColumn } from "@dawr/store";

/** Every service of the platform, in the order in which they start; what others lean on comes first. */
export const services: readonly ServiceDefinition[] = [
  identity,
  catalog,
  availability,
  search,
  payment,
  booking,
  messaging,
  sandbox,
  gateway,
];

/** The names of the services that have a schema in the database. */
export const schemas: readonly string[] = services
  .filter(({ migrations }) => migrations !== undefined)
  .map(({ name }) => name);

/** Every column that holds what the platform's keys have encrypted, with the service that it belongs to. */
export const encryptedColumns = services.flatMap(({ name, migrations, encrypted = [] }) =>
  migrations === undefined ? [] : [dataKeyColumn, ...encrypted].map((column) => ({ service: name, column })),
);
