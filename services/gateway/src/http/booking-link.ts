import type { HttpRoute } from "@dawr/rpc";

/**
 * Where the link in an e-mail leads when no app takes it over: a page that says what the link is for, and nothing about the
 * booking, which only its people may see. (GW-03)
 */
export const bookingLinkRoute: HttpRoute = {
  method: "GET",
  path: "/b/{booking}",
  handle: ({ params }) => {
    const id = params.booking ?? "";
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return { status: 404 };
    const body = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Dawr</title>
<p>This is booking <code>${id}</code>. Open it in the app in which you made it.</p>
<p lang="ar" dir="rtl">هذا هو الحجز <code dir="ltr">${id}</code>. افتحه في التطبيق الذي حجزت منه.</p>
</html>
`;
    return {
      status: 200,
      body,
      headers: { "content-type": "text/html; charset=utf-8", "cache-control": "public, max-age=3600" },
    };
  },
};
