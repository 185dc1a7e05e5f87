/** What `Deno.serve` says beside the request; of what other servers say, nothing is used. */
type Info = { readonly remoteAddr?: { readonly hostname?: unknown | undefined } } | null | undefined;

/** Characters of an address that is none. */
const LONGEST = 64;

/**
 * Returns the address of the client, as far as the server says it: what `Deno.serve` gives beside the request, or else, as
 * on Cloudflare, the header `cf-connecting-ip`, which is set there and cannot be forged.
 *
 * @param request The request.
 * @param info What the server gives beside it.
 * @returns The address; undefined where it is not known.
 */
export function clientAddress(request: Request, info: unknown): string | undefined {
  const { hostname } = (info as Info)?.remoteAddr ?? {};
  return typeof hostname === "string" ? hostname : request.headers.get("cf-connecting-ip") ?? undefined;
}

/**
 * Returns what counts as one client: an address of IPv4, or the first 64 bits of one of IPv6, of which a single customer
 * has all the others.
 *
 * @param address An address, in any of its spellings; any other text counts as itself.
 * @returns One spelling of it.
 *
 * @example
 * ```ts
 * import { clientOf } from "./address.ts";
 * import assert from "node:assert/strict";
 *
 * assert.equal(clientOf("2001:DB8::1"), clientOf("2001:db8:0:0:ffff::2"));
 * assert.equal(clientOf("::ffff:192.0.2.1"), "192.0.2.1");
 * ```
 */
export function clientOf(address: string): string {
  const text = address.slice(0, LONGEST).toLowerCase().replace(/%.*$/, ""), mapped = text.match(/^::ffff:([\d.]+)$/);
  if (mapped) return mapped[1]!;
  if (!/^[\da-f:.]*:[\da-f:.]*$/.test(text)) return text;
  const [before, after] = text.split("::"), groups = before!.split(":").filter(Boolean);
  // What follows the two colons comes last, so that of the first four groups only zeros are missing, or the last ones.
  const rest = after === undefined ? [] : after.split(":").filter(Boolean);
  const missing = after === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const all = [...groups, ...new Array<string>(missing).fill("0"), ...rest].slice(0, 4);
  return `${all.map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
