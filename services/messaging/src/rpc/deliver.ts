import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import {
  type DeliverRequest,
  type DeliverResponse,
  DeliverResponseSchema,
  DeliveryService,
} from "@dawr/gen/dawr/messaging/v1/delivery_pb.js";
import { Channel } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { callOf, invalid, locales } from "@dawr/rpc";
import { once, replayed, type Store } from "@dawr/store";
import { MessagingError } from "../domain/errors.ts";
import { type Arguments, requireTemplate, type TemplateName } from "../domain/template.ts";
import { idOf } from "../names.ts";
import { contactsOf } from "../sending/gather-facts.ts";
import { type ChannelName, type Recipient, storeWish, type WishDeps } from "../store/wishes.ts";
import { render } from "../templates/render.ts";

/** Takes a message of another service and stores it; it is sent after the answer, once per request id. (MS-03) */
export const deliver =
  (deps: WishDeps & { readonly store: Store; readonly people: Client<typeof KeyService> }) =>
  async (request: DeliverRequest, context: HandlerContext): Promise<DeliverResponse> => {
    const { store } = deps;
    const template = requireTemplate(request.template, request.arguments);
    requireRenderable(template, request.arguments, deps.now());
    const recipient = recipientOf(request);
    const channels = channelsOf(request, recipient);
    const actor = `services/${callOf(context).workload ?? ""}`;
    const call = { actor, method: DeliveryService.method.deliver, request };
    if (recipient.kind === "account") {
      const known = await replayed(store, call);
      if (known !== undefined) return known;
      await requireKnown(deps, `accounts/${recipient.accountId}`, context.signal);
    }
    return await once(store, call, async (tx) => {
      const notification = await storeWish(tx, deps, {
        sourceId: request.requestId,
        recipient,
        template,
        locale: request.locale,
        arguments: request.arguments,
        subject: request.subject,
        expireTime:
          request.expireTime === undefined
            ? undefined
            : Temporal.Instant.fromEpochMilliseconds(timestampMs(request.expireTime)),
        channels,
      });
      return create(DeliverResponseSchema, { notification });
    });
  };

// Before it is taken: what cannot be rendered could only fail again and again later. The cause is not kept, for its text
// may repeat an argument.
function requireRenderable(template: TemplateName, given: Arguments, now: Temporal.Instant): void {
  try {
    for (const locale of locales) render(template, given, { locale, now, sender: "", bookingLink: "" });
  } catch {
    throw invalid("arguments", { name: "unreadable" });
  }
}

async function requireKnown(
  deps: { readonly people: Client<typeof KeyService> },
  account: string,
  signal: AbortSignal,
): Promise<void> {
  const contacts = await contactsOf(deps, [account], signal);
  if (!contacts.has(account)) throw new MessagingError("RECIPIENT_UNKNOWN", { account });
}

function recipientOf({ recipient }: DeliverRequest): Recipient {
  switch (recipient.case) {
    case "account":
      return { kind: "account", accountId: idOf(recipient.value) };
    case "email":
      return { kind: "address", email: recipient.value };
    case undefined:
      throw invalid(["account", "email"], { name: "one_of", limit: "account, email" });
  }
}

function channelsOf({ channels }: DeliverRequest, recipient: Recipient): readonly ChannelName[] {
  // An address without an account has no inbox.
  if (recipient.kind === "address" && channels.includes(Channel.INBOX))
    throw invalid("channels", { name: "not_in", limit: "CHANNEL_INBOX" });
  return channels.length === 0 ? ["EMAIL"] : channels.map((channel) => (channel === Channel.INBOX ? "INBOX" : "EMAIL"));
}
