import type { DescMessage, MessageShape } from "@bufbuild/protobuf";

/** A fact that a service has published, as it travels: a CloudEvent whose data is a protobuf message. */
export type Event = {
  /** UUIDv7. */
  readonly id: string;
  /** The message's full name, such as "dawr.booking.v1.BookingHeld". */
  readonly type: string;
  /** The service that published it, as "dawr.booking". */
  readonly source: string;
  /** The resource's name, such as "providers/…/bookings/…". */
  readonly subject: string;
  /** The aggregate's id: events of one key keep their order. */
  readonly key: string;
  /** The aggregate's version, from 1. */
  readonly sequence: bigint;
  readonly time: Temporal.Instant;
  /** W3C trace context of the act that published it. */
  readonly traceparent?: string;
  readonly data: Uint8Array;
};

/** An event about to be published; id, time and trace are added by append(). */
export type NewEvent<D extends DescMessage = DescMessage> = {
  readonly schema: D;
  readonly message: MessageShape<D>;
  readonly subject: string;
  readonly key: string;
  readonly sequence: bigint;
};

/** The topic on which events of a type travel: its package, as "dawr.booking.v1". */
export function topicOf(type: string): string {
  return type.slice(0, type.lastIndexOf("."));
}

/** The source of a service's events, as "dawr.booking". */
export function sourceOf(service: string): string {
  return `dawr.${service}`;
}
