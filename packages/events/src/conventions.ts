/** Names of the OpenTelemetry semantic conventions for messaging that are used here; the library's are not stable yet. */
export const attribute = {
  system: "messaging.system",
  destination: "messaging.destination.name",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  messageId: "messaging.message.id",
  messageKey: "dawr.messaging.message.key",
  consumerGroup: "messaging.consumer.group.name",
  eventType: "cloudevents.event_type",
  errorType: "error.type",
} as const;

/** The messaging system of spans and metrics; an event is created before it is known which bus will carry it. */
export const messagingSystem = "dawr";
