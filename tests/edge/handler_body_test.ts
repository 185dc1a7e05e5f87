/** Bodies that are too large, too slow, or cut off; and many at once. */
import { assert, assertEquals } from "../assert.ts";
import { clientAddress as knownAddress, clientOf } from "../../src/edge/handler/address.ts";
import { readBody } from "../../src/edge/handler/body.ts";
import type { Handler } from "../../src/edge/handler/mod.ts";
import { Holder, Pending } from "../../src/edge/handler/pending.ts";
import { get, post, refused, served } from "./handler.ts";

const LIMITS = { maxBytes: 1000, timeout: 30_000, stallTimeout: 5000 }, ROOM = { most: 8000, share: 8000 };
const BODY = new TextEncoder().encode(JSON.stringify([[0, 1, 0.25, 0.5, 0.1, 0.9]]));

/** A request whose body is a stream; a chunk for each call of `next`. */
function streamed(next: () => Promise<Uint8Array | undefined> | Uint8Array | undefined, headers: HeadersInit = {}) {
  const state = { pulled: 0, canceled: false };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      state.pulled++;
      const chunk = await next();
      if (chunk) controller.enqueue(chunk);
      else controller.close();
    },
    cancel() {
      state.canceled = true;
    },
  }, { highWaterMark: 0 });
  const request = new Request("http://localhost/encode", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  return { request, state };
}

/** Chunks one after the other. */
function list(chunks: Uint8Array[]) {
  let i = 0;
  return () => chunks[i++];
}

Deno.test("a body that says it is too large is not read", async () => {
  const { handler } = await served(undefined, { maxBytes: 100 });
  const { request, state } = streamed(() => new Uint8Array(60), { "content-length": "101" });
  const { got, wanted } = await refused(await handler(request), 413);
  assertEquals([wanted, got, state.pulled], ["at most 100 bytes", "101", 0]);
});

Deno.test("a body that turns out to be too large is read no further than its limit", async () => {
  const { handler } = await served(undefined, { maxBytes: 100 });
  const { request, state } = streamed(() => new Uint8Array(60));
  await refused(await handler(request), 413);
  assertEquals(state, { pulled: 2, canceled: true });
  const one = streamed(() => new Uint8Array(2 ** 20));
  await refused(await handler(one.request), 413);
  assertEquals(one.state, { pulled: 1, canceled: true });
});

Deno.test("bodies in chunks of any size are read whole", async () => {
  const { handler } = await served();
  for (const size of [1, 7, BODY.length]) {
    const chunks = Array.from(
      { length: Math.ceil(BODY.length / size) },
      (_, i) => BODY.slice(i * size, (i + 1) * size),
    );
    const response = await handler(streamed(list([...chunks, new Uint8Array()])).request);
    assertEquals(response.status, 200, await response.text());
  }
  const pending = new Pending(ROOM), holder = new Holder(), bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const request = () => streamed(list(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).request;
  assertEquals(await readBody(request(), LIMITS, pending, holder), bytes);
  // It is held until the request is answered.
  assertEquals(pending.amount, 1000);
  pending.release(holder);
  assertEquals(pending.amount, 0);
});

Deno.test("a body that stops coming is answered with 408 after the timeout, and its stream canceled", async () => {
  const { handler } = await served(undefined, { timeout: 50 });
  for (const before of [0, 1]) {
    const chunks = list([BODY.slice(0, 5)]);
    let sent = 0;
    const { request, state } = streamed(() => sent++ < before ? chunks() : new Promise(() => {}));
    const { got, wanted } = await refused(await handler(request), 408);
    assertEquals([wanted, got], ["all of it within 50 ms", `${5 * before} bytes`]);
    assert(state.canceled);
  }
});

Deno.test("a body that trickles takes no longer than the timeout", async () => {
  const { handler } = await served(undefined, { timeout: 60 });
  const { request, state } = streamed(() =>
    new Promise((resolve) => setTimeout(() => resolve(new Uint8Array([32])), 10))
  );
  await refused(await handler(request), 408);
  const { pulled } = state;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert(pulled < 10 && state.pulled <= pulled + 1 && state.canceled);
});

Deno.test("a body that is cut off gives no half an answer", async () => {
  const { handler } = await served();
  let sent = 0;
  const { request } = streamed(() => sent++ ? Promise.reject(new Error("reset")) : BODY);
  assertEquals((await refused(await handler(request), 400)).got, `${BODY.length} bytes before it was cut off`);
  const short = streamed(list([BODY]), { "content-length": `${BODY.length + 1}` });
  assertEquals((await refused(await handler(short.request), 400)).got, `${BODY.length}`);
});

Deno.test("a body that stalls is answered with 408 after stallTimeout, one that trickles on is not", async () => {
  const { handler } = await served(undefined, { timeout: 20_000, stallTimeout: 60 });
  let sent = 0;
  const stalling = streamed(() => sent++ ? new Promise(() => {}) : BODY.slice(0, 5));
  const { got, wanted } = await refused(await handler(stalling.request), 408);
  assertEquals([wanted, got], ["more of it within 60 ms", "5 bytes"]);
  assert(stalling.state.canceled);
  // Empty chunks are no progress.
  const empty = streamed(() => new Promise((resolve) => setTimeout(() => resolve(new Uint8Array()), 5)));
  assertEquals((await refused(await handler(empty.request), 408)).got, "0 bytes");
  // Each byte in time, and all of them in a multiple of it.
  const next = list(Array.from(BODY, (_, i) => BODY.subarray(i, i + 1)));
  const slow = streamed(() => new Promise((resolve) => setTimeout(() => resolve(next()), 10)));
  assertEquals((await handler(slow.request)).status, 200);
});

/** A body that is written by hand. */
function written(handler: Handler, client?: string) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(), writer = writable.getWriter();
  const headers = { "content-type": "application/json", ...client !== undefined && { "x-client": client } };
  const answer = handler(new Request("http://localhost/encode", { method: "POST", body: readable, headers }));
  return { answer, writer };
}

const clientAddress = (request: Request) => request.headers.get("x-client") ?? undefined;

Deno.test("where there is no more room, bodies that bring nothing give way, and the new one is taken", async () => {
  const { handler } = await served(undefined, { maxBytes: 1000, maxPending: 3000, stallTimeout: 20_000 });
  const stalling = [1, 2, 3].map(() => written(handler));
  for (const { writer } of stalling) await writer.write(BODY.subarray(0, 5));
  assertEquals((await post(handler, "/encode", [[0, 0, 0, 0, 0, 0]])).status, 200);
  const gone = await Promise.race(stalling.map(({ answer }) => answer));
  const { message } = await refused(gone, 503);
  assertEquals(message, "Cannot read the body: it came too slowly while others waited, try again");
  assertEquals(gone.headers.get("retry-after"), "1");
  // The others were not asked to, and end as they like.
  const rest = stalling.map(({ writer }) => writer.write(BODY.subarray(5)).then(() => writer.close()));
  await Promise.allSettled(rest);
  const statuses = await Promise.all(stalling.map(async ({ answer }) => (await answer).status));
  assertEquals(statuses.toSorted(), [200, 200, 503]);
});

Deno.test("where all bodies that take the room move on, the next one is refused with 503, and nothing else", async () => {
  const MiB = 2 ** 20, options = { maxBytes: MiB, maxPending: MiB, stallTimeout: 20_000 };
  const { handler } = await served(undefined, options), moving = written(handler);
  // Spaces may stand before JSON. The second chunk finds the array full, which then doubles.
  for (const length of [MiB / 2 + 1, 1]) await moving.writer.write(new Uint8Array(length).fill(32));
  const full = post(handler, "/encode", [[0, 0, 0, 0, 0, 0]]);
  let refusedYet = false;
  full.then(() => refusedYet = true);
  for (let i = 0; i < 40 && !refusedYet; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await moving.writer.write(new Uint8Array(1 << 14).fill(32));
  }
  const answer = await full;
  assertEquals(answer.headers.get("retry-after"), "1");
  assertEquals(
    (await refused(answer, 503)).message,
    "Cannot read the body: too many others are on their way, try again",
  );
  assertEquals((await get(handler, "/sample?n=1")).status, 200);
  await moving.writer.write(BODY);
  await moving.writer.close();
  assertEquals((await moving.answer).status, 200);
  assertEquals((await post(handler, "/encode", [[0, 0, 0, 0, 0, 0]])).status, 200);
});

Deno.test("one client cannot take all the room: others are answered while it is refused", async () => {
  const MiB = 2 ** 20, options = { maxBytes: MiB, maxPending: 2 * MiB, stallTimeout: 20_000, clientAddress };
  const { handler } = await served(undefined, options),
    [a, same, other] = ["2001:db8::1", "2001:DB8:0:0:7::9", "2001:db8:1::1"];
  const moving = written(handler, a);
  for (const length of [MiB / 2 + 1, 1]) await moving.writer.write(new Uint8Array(length).fill(32));
  const refusals = post(handler, "/encode", [[0, 0, 0, 0, 0, 0]], { "x-client": same });
  assertEquals((await post(handler, "/encode", [[0, 0, 0, 0, 0, 0]], { "x-client": other })).status, 200);
  let done = false;
  refusals.then(() => done = true);
  for (let i = 0; i < 40 && !done; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await moving.writer.write(new Uint8Array(1 << 14).fill(32));
  }
  await refused(await refusals, 503);
  await moving.writer.abort();
  assertEquals((await moving.answer).status, 400);
});

Deno.test("what a body took is given back, however it ends", async () => {
  const pending = new Pending(ROOM), limits = { ...LIMITS, timeout: 20 }, holder = new Holder();
  const endings = [
    list([BODY]),
    () => new Uint8Array(600),
    () => Promise.reject(new Error("reset")),
    () => new Promise<undefined>(() => {}),
  ];
  for (const next of endings) {
    await readBody(streamed(next).request, limits, pending, holder).catch(() => {});
    pending.release(holder);
    assertEquals([pending.amount, holder.amount], [0, 0]);
  }
});

/** A holder whose time is up at some time, and that last moved at another. */
function holderOf(address: string | undefined, until: number, moved = Infinity): Holder {
  return Object.assign(new Holder(address), { until, moved });
}

Deno.test("what is never given back, as of a request that its runtime dropped, is held only until its time is up", () => {
  let now = 1000;
  const pending = new Pending({ most: 1000, share: 1000 }, () => now);
  const dropped = holderOf(undefined, 5000), late = holderOf(undefined, 1500), other = holderOf(undefined, 1e6);
  assert(pending.hold(dropped, 600) && pending.hold(late, 300));
  assert(!pending.hold(other, 200));
  now = 2000;
  assertEquals(pending.amount, 600);
  assert(!pending.hold(other, 500) && pending.hold(other, 400) && !pending.hold(other, 401));
  now = 6000;
  assert(pending.hold(other, 1000));
  pending.release(other);
  pending.release(late);
  assertEquals(pending.amount, 0);
});

Deno.test("those that have not moved give way: the largest first, of the same address before others, and no more than needed", () => {
  const now = 10_000, pending = new Pending({ most: 1000, share: 500, quiet: 1000 }, () => now);
  const still = (address: string | undefined) => holderOf(address, Infinity, 9000);
  const [small, large, other, fresh] = [still("a"), still("a"), still("b"), holderOf("b", Infinity, 9001)];
  assert(pending.hold(small, 100) && pending.hold(large, 300) && pending.hold(other, 200) && pending.hold(fresh, 300));
  const next = holderOf("a", Infinity);
  assert(pending.hold(next, 200));
  assertEquals([small, large, other, fresh].map(({ dropped }) => dropped), [false, true, false, false]);
  assert(!pending.hold(large, 1), "it was to end");
  // Without room where nobody gives way, nobody has to.
  assert(!pending.hold(holderOf("b", Infinity), 450));
  assertEquals([small, other, fresh].map(({ dropped }) => dropped), [false, false, false]);
  // Of any address where there is room for the address itself.
  assert(pending.hold(holderOf("c", Infinity), 400));
  assertEquals([small, other, fresh, next].map(({ dropped }) => dropped), [false, true, false, false]);
  assertEquals(pending.amount, 100 + 300 + 200 + 400);
  // An address that is not known has no share.
  pending.release(next);
  pending.release(fresh);
  assert(pending.hold(holderOf(undefined, Infinity), 500));
});

Deno.test("large ones leave an eighth to those that hold little", () => {
  const pending = new Pending({ most: 800, share: 400, little: 10 });
  const hold = (amount: number, address?: string) => pending.hold(holderOf(address, Infinity), amount);
  assert(hold(350, "a") && !hold(11, "a") && hold(10, "a") && hold(10, "a"));
  assert(hold(300, "b") && !hold(31, "c") && hold(30, "c"));
  assert(hold(10) && hold(10) && !hold(11));
  // One that is alone may have all.
  assert(new Pending({ most: 800, share: 800, little: 10 }).hold(holderOf("a", Infinity), 800));
});

Deno.test("addresses are one client by all of IPv4, or by 64 bits of IPv6", () => {
  const same = [
    ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:192.0.2.1"],
    ["2001:db8:1:2::1", "2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2:3::", "2001:db8:1:2::1%eth0"],
    ["2001:db8::1", "2001:db8:0:0:1::2", "2001:db8:0::9:8:7:6"],
    ["::1", "0:0:0:0:5:6:7:8", "::"],
    ["a name"],
    [""],
  ];
  const clients = same.map((group) => new Set(group.map(clientOf)));
  assertEquals(clients.map(({ size }) => size), clients.map(() => 1));
  assertEquals(new Set(clients.flatMap((set) => [...set])).size, same.length);
  assert(clientOf("x".repeat(1e6)).length <= 64);
});

Deno.test("a client's address is the server's word, and where it says none the header of Cloudflare", () => {
  const request = new Request("http://localhost/", { headers: { "cf-connecting-ip": "192.0.2.7" } });
  assertEquals(knownAddress(request, { remoteAddr: { hostname: "192.0.2.8", port: 1 } }), "192.0.2.8");
  for (const info of [undefined, null, {}, { remoteAddr: undefined }, { MY_BINDING: "x" }]) {
    assertEquals(knownAddress(request, info), "192.0.2.7");
    assertEquals(knownAddress(new Request("http://localhost/"), info), undefined);
  }
});
