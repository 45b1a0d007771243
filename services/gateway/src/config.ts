import { integerField, listField, portField, textField } from "@dawr/config";

/** The gateway's settings. */
export const config = {
  GATEWAY_HOST: textField().optional().describe("address that the public port is opened on; all unless told"),
  GATEWAY_PORT: portField().default(8080).describe("the public port, HTTP/1.1 and HTTP/2"),
  GATEWAY_USER_LIMIT: integerField(1, 1_000_000)
    .default(100)
    .describe("calls that a signed-in person may make in a minute (GW-01)"),
  GATEWAY_ADDRESS_LIMIT: integerField(1, 1_000_000)
    .default(100)
    .describe("calls that may come from one network address in a minute without a person behind them"),
  GATEWAY_BODY_LIMIT: integerField(1_024, 1_000_000_000).default(10_000_000).describe("largest body, in bytes (GW-01)"),
  GATEWAY_ORIGINS: listField().default([]).describe("origins whose pages may call; empty for none, * for any"),
  GATEWAY_TRUSTED_PROXIES: integerField(0, 10)
    .default(0)
    .describe("proxies in front that may be believed about addresses"),
};
