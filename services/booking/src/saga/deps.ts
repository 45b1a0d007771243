import type { Client } from "@connectrpc/connect";
import type { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import type { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import type { Store } from "@dawr/store";
import type { Logger } from "@dawr/telemetry";

/** What the saga calls. */
export type SagaDeps = {
  readonly store: Store;
  readonly now: () => Temporal.Instant;
  readonly log: Logger;
  readonly reservations: Client<typeof ReservationService>;
  readonly payments: Client<typeof PaymentService>;
};
