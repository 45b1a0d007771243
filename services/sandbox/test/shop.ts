import { expect } from "@jest/globals";
import { type Merchant, startMerchant } from "./merchant.ts";
import { type ApiBody, startSandbox, type TestSandbox } from "./start-sandbox.ts";

/** A sandbox with a merchant who charges cards there and is told of it. */
export type Shop = {
  readonly box: TestSandbox;
  readonly merchant: Merchant;
  charge(more?: Record<string, unknown>): Promise<ApiBody>;
  /** What the merchant was told about a charge or its refunds. */
  toldOf(charge: string): readonly string[];
  /** Forgets what the merchant was told, and ends all faults. */
  reset(): Promise<void>;
  close(): Promise<void>;
};

/** Opens both. */
export async function openShop(): Promise<Shop> {
  const box = await startSandbox();
  const merchant = await startMerchant();
  return {
    box,
    merchant,
    async charge(more = {}) {
      const wish = {
        amount: 36_800,
        currency: "JOD",
        webhook_url: merchant.url,
        return_url: "https://shop.example/paid",
      };
      const { status, body } = await box.api("POST", "/v1/charges", { ...wish, ...more });
      expect(status).toBe(201);
      return body;
    },
    toldOf: (charge) =>
      merchant.received
        .filter(({ event }) => [event.data.object.id, event.data.object.charge].includes(charge))
        .map(({ event }) => event.type),
    async reset() {
      merchant.received.length = 0;
      merchant.answers.length = 0;
      await fetch(`${box.url}/control/faults`, { method: "DELETE" });
    },
    async close() {
      await box.stop();
      await merchant.close();
    },
  };
}
