/** Whether the customer may be sent back to this address after paying: same origin as an allowed one, below its path. */
export function isAllowedReturnUrl(returnUrl: string, allowed: readonly string[]): boolean {
  if (!URL.canParse(returnUrl)) return false;
  const url = new URL(returnUrl);
  // Credentials in front of the host are how a look-alike address is made.
  if (url.username !== "" || url.password !== "") return false;
  return allowed.some((entry) => {
    if (!URL.canParse(entry)) return false;
    const base = new URL(entry);
    // A custom scheme of an app (dawr://paid) has no origin; its protocol and host say whose it is.
    if (base.protocol !== url.protocol || base.host !== url.host) return false;
    return isBelow(url.pathname, base.pathname);
  });
}

function isBelow(path: string, base: string): boolean {
  if (base === "" || base === "/" || path === base) return true;
  return path.startsWith(base.endsWith("/") ? base : `${base}/`);
}
