import { createHmac } from "node:crypto";
import type { Env } from "@dawr/config";
import { ownerRole, serviceRole } from "@dawr/store";
import type { DataFolder } from "./data-folder.ts";

/** The ports of a standalone platform; 0 takes any free one. */
export type Ports = {
  readonly gateway: number;
  readonly sandbox: number;
  readonly metrics: number;
  readonly smtp: number;
};

/** The ports beside the gateway's: the three after it. */
export function portsFrom(gateway: number): Ports {
  if (gateway === 0) return { gateway, sandbox: 0, metrics: 0, smtp: 0 };
  return { gateway, sandbox: gateway + 1, metrics: gateway + 2, smtp: gateway + 3 };
}

/** The variables in whose place `npm start` has a flag, with that flag: it decides, and they are not read. */
const flagOf = {
  GATEWAY_PORT: "--port",
  SANDBOX_PORT: "--port",
  SANDBOX_SMTP_PORT: "--port",
  METRICS_PORT: "--port",
  DATABASE_URL: "--database-url",
  MIGRATION_DATABASE_URL: "--database-url",
  LOG_LEVEL: "--log-level",
} as const;

/** One line on variables that somebody has set and that are not read; undefined when there are none. */
export function unreadIn(given: Env): string | undefined {
  const unread = Object.entries(flagOf).filter(([name]) => isSet(given[name]));
  if (unread.length === 0) return undefined;
  return `npm start does not read ${unread.map(([name, flag]) => `${name} (it has ${flag})`).join(", ")}`;
}

/** What every service reads from its environment, made from the data folder, the ports and the database. */
export function environmentOf(options: {
  readonly folder: DataFolder;
  readonly ports: Ports;
  readonly adminUrl: string;
  readonly logLevel: string;
  /** The services that have a schema. */
  readonly schemas: readonly string[];
  /** What the person has set: it wins, except over flags. */
  readonly given: Env;
}): {
  readonly env: Env;
  /** Of the keys that encrypt personal data. */
  readonly keyFile: string;
  /** What each service reads besides. */
  readonly services: Readonly<Record<string, Env>>;
} {
  const { folder, ports, adminUrl, logLevel, schemas, given } = options;
  const said = {
    GATEWAY_PORT: String(ports.gateway),
    SANDBOX_PORT: String(ports.sandbox),
    SANDBOX_SMTP_PORT: String(ports.smtp),
    METRICS_PORT: String(ports.metrics),
    LOG_LEVEL: logLevel,
  };
  const secret = (what: string) => createHmac("sha256", folder.secret).update(what).digest("base64url");
  const env = {
    // Everything on this machine, for this machine.
    HOST: "127.0.0.1",
    WORKLOAD_KEY_FILE: folder.workloadKeyFile,
    KEY_FILE: folder.keyFile,
    CREATE_KEYS: "true",
    DATABASE_CONNECTIONS: "10",
    GATEWAY_HOST: "127.0.0.1",
    GATEWAY_ORIGINS: "*",
    SANDBOX_API_KEY: secret("sandbox api key"),
    SANDBOX_WEBHOOK_SECRET: secret("sandbox webhooks"),
    SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`,
    MAIL_FROM: "Dawr <no-reply@dawr.example>",
    MESSAGING_BOOKING_LINK: `http://localhost:${ports.gateway}/b/{booking}`,
    PAYMENT_SANDBOX_URL: `http://127.0.0.1:${ports.sandbox}`,
    PAYMENT_SANDBOX_API_KEY: secret("sandbox api key"),
    PAYMENT_SANDBOX_WEBHOOK_SECRET: secret("sandbox webhooks"),
    PAYMENT_WEBHOOK_URL: `http://127.0.0.1:${ports.gateway}/webhooks`,
    PAYMENT_RETURN_URLS: `http://localhost:${ports.gateway}`,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => isSet(value))),
    ...said,
  };
  const migration = withRole(adminUrl, ownerRole, passwordOf(folder)(ownerRole));
  return {
    env,
    keyFile: given.KEY_FILE || folder.keyFile,
    services: Object.fromEntries(
      schemas.map((name) => {
        const role = serviceRole(name);
        const DATABASE_URL = withRole(adminUrl, role, passwordOf(folder)(role));
        return [name, { DATABASE_URL, MIGRATION_DATABASE_URL: migration }];
      }),
    ),
  };
}

/** The password of a role on this machine, derived from the folder's secret, so that none is stored. */
export function passwordOf(folder: DataFolder): (role: string) => string {
  return (role) => createHmac("sha256", folder.secret).update(`role ${role}`).digest("base64url");
}

/** An empty variable is as none. */
const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";

function withRole(adminUrl: string, role: string, password: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = password;
  return url.href;
}
