import type { Deps } from "../charging/deps.ts";
import { passChallenge, payCharge } from "../charging/pay-charge.ts";
import { chargeToJson } from "../charging/to-json.ts";
import { type Card, magicCards, readCard } from "../domain/cards.ts";
import { type Charge, isPayable, seenAt } from "../domain/charge.ts";
import { SandboxError } from "../domain/errors.ts";
import { getCharge } from "../store/charges.ts";
import { type Call, formBody, json, type Reply, type Route, seeOther, wantsJson } from "./exchange.ts";
import { type Html, html } from "./html.ts";
import { page } from "./page.ts";
import { cardTexts, type Locale, pickLocale, problemTexts, statusTexts, texts } from "./texts.ts";

/** The payment page of a charge: card form, 3-D Secure challenge, and the way back. A form may also be sent by a program. */
export function payRoutes(deps: Deps): readonly Route[] {
  const read = async (id: string): Promise<Charge> =>
    seenAt(await deps.store.read((tx) => getCharge(tx, id)), deps.now());

  /** Shows where a charge stands now, or sends a browser to where it goes on. */
  const next = (call: Call, charge: Charge): Reply => {
    if (charge.behaviour === "lost-response" && call.method === "POST") return "cut";
    const place = placeOf(charge, pickLocale(call.url.searchParams.get("lang"), undefined, charge.locale));
    if (wantsJson(call)) return json(200, { charge: chargeToJson(charge, deps.publicUrl()), next: place });
    return seeOther(place);
  };

  const formPage = (call: Call, charge: Charge, problem: string | undefined): Reply => {
    const locale = localeOf(call, charge);
    if (problem !== undefined && wantsJson(call))
      return json(422, { error: { code: "invalid_card", field: problem }, charge: charge.id });
    return chargePage({ charge, locale, status: problem === undefined ? 200 : 422, problem });
  };

  return [
    {
      method: "GET",
      pattern: /^\/pay\/(?<id>ch_\w+)$/,
      handle: visible(async (call) => formPage(call, await read(call.params.id ?? ""), undefined)),
    },
    {
      method: "POST",
      pattern: /^\/pay\/(?<id>ch_\w+)$/,
      handle: visible(async (call) => {
        const id = call.params.id ?? "";
        const card = cardOf(call, deps.now());
        if ("wrong" in card) return formPage(call, await read(id), card.wrong);
        return afterRace(call, id, async () => next(call, await payCharge(deps, id, card)));
      }),
    },
    {
      method: "GET",
      pattern: /^\/pay\/(?<id>ch_\w+)\/challenge$/,
      handle: visible(async (call) => {
        const charge = await read(call.params.id ?? "");
        return charge.status === "requires_action" ? challengePage(charge, localeOf(call, charge)) : next(call, charge);
      }),
    },
    {
      method: "POST",
      pattern: /^\/pay\/(?<id>ch_\w+)\/challenge$/,
      handle: visible(async (call) => {
        const id = call.params.id ?? "";
        const code = formBody(call).get("code") ?? "";
        return afterRace(call, id, async () => next(call, await passChallenge(deps, id, code)));
      }),
    },
  ];

  /** A form that was sent twice, or too late, shows what has become of the charge. */
  async function afterRace(call: Call, id: string, act: () => Promise<Reply>): Promise<Reply> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof SandboxError) || error.code !== "charge_not_payable") throw error;
      if (wantsJson(call)) throw error;
      return next(call, await read(id));
    }
  }
}

/** Where the customer goes on: the challenge, the page again after a failure, or back to the shop with the outcome. */
function placeOf(charge: Charge, locale: Locale): string {
  if (charge.status === "requires_action") return `/pay/${charge.id}/challenge?lang=${locale}`;
  if (charge.status === "failed" || charge.status === "pending" || charge.returnUrl === undefined)
    return `/pay/${charge.id}?lang=${locale}`;
  const url = new URL(charge.returnUrl);
  url.searchParams.set("charge", charge.id);
  url.searchParams.set("status", charge.status);
  return url.href;
}

function chargePage(options: {
  readonly charge: Charge;
  readonly locale: Locale;
  readonly status: number;
  readonly problem: string | undefined;
}): Reply {
  const { charge, locale, status } = options;
  const problem = options.problem ?? charge.failureCode;
  const body = isPayable(charge) ? cardForm(charge, locale) : wayBack(charge, locale);
  return page({
    status,
    locale,
    title: texts.payment[locale],
    formTargets: formTargets(charge),
    ...(charge.status === "processing" ? { refreshSeconds: 2 } : {}),
    body: html`${heading(charge, locale)}
<p class="note ${charge.status === "succeeded" ? "good" : ""}" role="status">${statusTexts[charge.status][locale]}</p>
${problem === undefined ? undefined : html`<p class="note bad" role="alert">${problemTexts[problem]?.[locale] ?? problem}</p>`}
${body}
${otherLanguage(`/pay/${charge.id}`, locale)}`,
  });
}

function challengePage(charge: Charge, locale: Locale): Reply {
  return page({
    locale,
    title: texts.challengeTitle[locale],
    formTargets: formTargets(charge),
    body: html`${heading(charge, locale)}
<h2>${texts.challengeTitle[locale]}</h2>
<p>${texts.challengeText[locale]}</p>
<form method="post" action="/pay/${charge.id}/challenge?lang=${locale}">
<label for="code">${texts.code[locale]}</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="12" required class="ltr">
<button>${texts.confirm[locale]}</button>
</form>
${otherLanguage(`/pay/${charge.id}/challenge`, locale)}`,
  });
}

function heading(charge: Charge, locale: Locale): Html {
  return html`<h1>${charge.description === "" ? texts.payment[locale] : charge.description}</h1>
<p class="amount">${moneyText(charge, locale)}</p>`;
}

function cardForm(charge: Charge, locale: Locale): Html {
  const rows = magicCards.map(
    ({ number, behaviour }) =>
      html`<tr><td class="ltr">${number.replaceAll(/(.{4})(?=.)/g, "$1 ")}</td><td>${cardTexts[behaviour][locale]}</td></tr>`,
  );
  return html`<form method="post" action="/pay/${charge.id}?lang=${locale}" autocomplete="off">
<label for="number">${texts.cardNumber[locale]}</label>
<input id="number" name="number" inputmode="numeric" autocomplete="cc-number" maxlength="23" required class="ltr">
<div class="row">
<div><label for="expiry">${texts.expiry[locale]}</label>
<input id="expiry" name="expiry" autocomplete="cc-exp" maxlength="7" placeholder="12/30" required class="ltr"></div>
<div><label for="cvc">${texts.cvc[locale]}</label>
<input id="cvc" name="cvc" inputmode="numeric" autocomplete="cc-csc" maxlength="4" required class="ltr"></div>
</div>
<button>${texts.pay[locale]} ${moneyText(charge, locale)}</button>
</form>
<p class="muted">${texts.sandbox[locale]}</p>
<table><caption class="muted">${texts.tryCards[locale]}</caption>${rows}</table>`;
}

function wayBack(charge: Charge, locale: Locale): Html | undefined {
  if (charge.returnUrl === undefined) return undefined;
  return html`<p><a href="${placeOf(charge, locale)}" rel="noreferrer">${texts.back[locale]}</a></p>`;
}

function otherLanguage(path: string, locale: Locale): Html {
  const other = locale === "ar" ? "en" : "ar";
  return html`<p class="muted"><a href="${path}?lang=${other}" hreflang="${other}" lang="${other}">${texts.otherLanguage[locale]}</a></p>`;
}

/** A browser follows a form's redirect only to where the page said that its forms lead. */
function formTargets(charge: Charge): readonly string[] {
  if (charge.returnUrl === undefined) return [];
  const { origin, protocol } = new URL(charge.returnUrl);
  return [origin === "null" ? protocol : origin];
}

function moneyText(charge: Charge, locale: Locale): string {
  const format = new Intl.NumberFormat(locale === "ar" ? "ar-JO" : "en", {
    style: "currency",
    currency: charge.currency,
  });
  const digits = minorDigits.get(charge.currency) ?? 2;
  const text = charge.amount.toString().padStart(digits + 1, "0");
  const major = digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
  // As text, so that no digit is lost to floating point.
  return format.format(major as Intl.StringNumericLiteral);
}

// ISO 4217: currencies whose minor unit is not a hundredth.
const minorDigits: ReadonlyMap<string, number> = new Map([
  ...[
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
  ].map((code): [string, number] => [code, 0]),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((code): [string, number] => [code, 3]),
]);

function localeOf(call: Call, charge: Charge): Locale {
  return pickLocale(call.url.searchParams.get("lang"), call.headers["accept-language"], charge.locale);
}

function cardOf(call: Call, at: Temporal.Instant): ReturnType<typeof readCard> | Card {
  const form = formBody(call);
  const typed = { number: form.get("number") ?? "", expiry: form.get("expiry") ?? "", cvc: form.get("cvc") ?? "" };
  return readCard(typed, at.toString().slice(0, 7));
}

/** Shows a page where there is no such charge, to those who look with a browser. */
function visible(handle: (call: Call) => Promise<Reply>): Route["handle"] {
  return async (call) => {
    try {
      return await handle(call);
    } catch (error) {
      if (!(error instanceof SandboxError) || error.code !== "not_found" || wantsJson(call)) throw error;
      const locale = pickLocale(call.url.searchParams.get("lang"), undefined, call.headers["accept-language"] ?? "en");
      return page({ status: 404, locale, title: texts.payment[locale], body: html`<p>${texts.notFound[locale]}</p>` });
    }
  };
}
