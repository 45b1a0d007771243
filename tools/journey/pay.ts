/** The sandbox's cards that journeys use. */
export const cards = {
  success: "4242424242424242",
  challenge: "4000000000003220",
  decline: "4000000000000002",
  lost: "4000000000007007",
} as const;

/** Fills in the form of a payment page as a browser would, and passes the 3-D Secure challenge when there is one. */
export async function payOnPage(payUrl: string, card: keyof typeof cards = "success"): Promise<void> {
  const page = await fetch(payUrl);
  if (!page.ok) throw new Error(`the payment page answered ${page.status}`);
  await page.arrayBuffer();
  const answer = await send(payUrl, { number: cards[card], expiry: "12/34", cvc: "123" });
  if (answer.status >= 400) throw new Error(`paying was answered ${answer.status}`);
  const next = answer.headers.get("location") ?? "";
  if (next.includes("/challenge")) {
    const passed = await send(new URL(next, payUrl).href, { code: "123456" });
    if (passed.status >= 400) throw new Error(`the challenge was answered ${passed.status}`);
  }
}

async function send(url: string, fields: Readonly<Record<string, string>>): Promise<Response> {
  const origin = new URL(url).origin;
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    redirect: "manual",
    headers: { origin },
  });
  await response.arrayBuffer();
  return response;
}
