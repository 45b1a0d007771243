import type { DescService } from "@bufbuild/protobuf";
import { createServiceImplSpec, type MethodImplSpec, type ServiceImpl } from "@connectrpc/connect";

/** A service with its handlers, one for each method of the contract. */
export type Implementation = {
  readonly service: DescService;
  readonly methods: readonly MethodImplSpec[];
};

/** Binds handlers to a service of the contracts; a method without one answers unimplemented. */
export function implement<S extends DescService>(service: S, impl: Partial<ServiceImpl<S>>): Implementation {
  const spec = createServiceImplSpec<S>(service, impl);
  return { service, methods: Object.values(spec.methods) };
}
