import { describeConfig } from "@dawr/config";
import { wholeShape } from "./config.ts";
import type { ServiceDefinition } from "./service.ts";

/** What `--help` answers for a service that is run alone. */
export function helpOf(definition: ServiceDefinition): string {
  return [
    `Runs Dawr's ${definition.name} service alone. It is told everything by its environment:`,
    "",
    ...describeConfig(wholeShape(definition)).map((line) => `  ${line}`),
    "  <SERVICE>_ADDRESS  where another service is, a gRPC target or host:port; default <service>:50051",
    "",
    "SIGTERM or SIGINT stops it cleanly, a second one at once.",
    "",
  ].join("\n");
}
