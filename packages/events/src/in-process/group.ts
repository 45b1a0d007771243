import type { Store } from "@dawr/store";
import { BusUnavailable } from "../bus.ts";
import type { Consumer } from "../consumer.ts";
import type { Event } from "../event.ts";
import { type Member, openMember } from "./member.ts";
import type { BusSettings } from "./settings.ts";

/** The subscriptions of one consumer, which share its events. */
export type Group = {
  /** Has events of one key applied in their order; an error means that some may not have been. */
  readonly deliver: (events: readonly Event[]) => Promise<void>;
  /** Adds a subscription and answers how it leaves. */
  readonly join: (consumer: Consumer, store: Store, settings: BusSettings) => () => Promise<void>;
};

/**
 * Opens the group of a consumer. It stays when the last subscription has left: its events then wait in the outbox,
 * instead of being lost to it.
 */
export function openGroup(name: string): Group {
  const members: Member[] = [];
  let known: Consumer | undefined;

  async function apply(event: Event): Promise<void> {
    for (;;) {
      const member = members[0];
      if (member === undefined) throw new BusUnavailable(`consumer ${name} is away`);
      try {
        return await member.apply(event);
      } catch (error) {
        // Left in the middle: another subscription takes over, if there is one.
        if (members.includes(member)) throw error;
      }
    }
  }

  return {
    deliver: async (events) => {
      for (const event of events) {
        if (known?.source === event.source && known.handlers.has(event.type)) await apply(event);
      }
    },
    join: (consumer, store, settings) => {
      if (known !== undefined && known.source !== consumer.source) {
        throw new TypeError(`consumer ${name} is defined twice, for two services`);
      }
      known = consumer;
      const member = openMember(consumer, store, settings);
      members.push(member);
      return async () => {
        const place = members.indexOf(member);
        if (place >= 0) members.splice(place, 1);
        await member.close();
      };
    },
  };
}
