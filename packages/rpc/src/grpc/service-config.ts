import type { DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { ServiceConfig } from "@grpc/grpc-js";

/** How calls of a service are spread and repeated: safe methods up to three times while no server answers. */
export function serviceConfig(service: DescService): Partial<ServiceConfig> {
  const safe = service.methods.filter(
    (m) => m.methodKind === "unary" && m.idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
  );
  return {
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: safe.map((method) => ({
      name: [{ service: service.typeName, method: method.name }],
      retryPolicy: {
        maxAttempts: 3,
        initialBackoff: "0.05s",
        maxBackoff: "0.5s",
        backoffMultiplier: 2,
        retryableStatusCodes: ["UNAVAILABLE"],
      },
    })),
  };
}
