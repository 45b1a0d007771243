/** What a card of the sandbox does when it is used. */
export type CardBehaviour =
  | "success"
  | "challenge"
  | "decline"
  | "insufficient-funds"
  | "delay"
  | "lost-response"
  | "refund-pending"
  | "refund-fails";

/** One of the sandbox's cards, for people to try. */
export type MagicCard = { readonly number: string; readonly behaviour: CardBehaviour };

/** The cards that the sandbox knows; any other valid number is declined. */
export const magicCards: readonly MagicCard[] = [
  { number: "4242424242424242", behaviour: "success" },
  { number: "4000000000003220", behaviour: "challenge" },
  { number: "4000000000000002", behaviour: "decline" },
  { number: "4000000000009995", behaviour: "insufficient-funds" },
  { number: "4000000000008005", behaviour: "delay" },
  { number: "4000000000007007", behaviour: "lost-response" },
  { number: "4000000000005126", behaviour: "refund-pending" },
  { number: "4000000000007726", behaviour: "refund-fails" },
];

/** The code that passes the challenge of the 3-D Secure card; every other is refused. */
export const challengeCode = "123456";

/** The longest delay that the delay card takes, in seconds. */
const longestDelaySeconds = 120;

/** A card as it is used once; only brand, last four and behaviour may be kept. */
export type Card = {
  readonly brand: string;
  readonly last4: string;
  readonly behaviour: CardBehaviour;
  /** How long the delay card takes, from its security code: 005 is 5 s. */
  readonly delaySeconds: number;
};

/** What a form has about a card, as it was typed. */
export type TypedCard = { readonly number: string; readonly expiry: string; readonly cvc: string };

/** Reads a typed card at a month ("2027-03"); answers the field that is wrong. */
export function readCard(typed: TypedCard, month: string): Card | { readonly wrong: "number" | "expiry" | "cvc" } {
  const number = typed.number.replaceAll(/[\s-]/g, "");
  if (!/^\d{12,19}$/.test(number) || !passesLuhn(number)) return { wrong: "number" };
  const expiry = /^(0[1-9]|1[0-2])\s*\/\s*(?:20)?(\d{2})$/.exec(typed.expiry.trim());
  if (expiry === null || `20${expiry[2]}-${expiry[1]}` < month) return { wrong: "expiry" };
  if (!/^\d{3,4}$/.test(typed.cvc.trim())) return { wrong: "cvc" };
  return {
    brand: brandOf(number),
    last4: number.slice(-4),
    behaviour: magicCards.find((card) => card.number === number)?.behaviour ?? "decline",
    delaySeconds: Math.min(Number(typed.cvc.trim()), longestDelaySeconds),
  };
}

function passesLuhn(number: string): boolean {
  let sum = 0;
  for (let place = 0; place < number.length; place++) {
    const digit = Number(number[number.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

function brandOf(number: string): string {
  if (number.startsWith("4")) return "visa";
  if (/^(5[1-5]|2[2-7])/.test(number)) return "mastercard";
  if (/^3[47]/.test(number)) return "amex";
  return "unknown";
}
