/** Bodies that are too large, too slow, or cut off; and many at once. */
import { assert, assertEquals } from "../assert.ts";
import { readBody } from "../../src/edge/handler/body.ts";
import { Pending } from "../../src/edge/handler/pending.ts";
import { get, post, refused, served } from "./handler.ts";

const LIMITS = { maxBytes: 1000, maxPending: 8000, timeout: 30_000 };
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
  const pending = new Pending(), bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const request = () => streamed(list(Array.from(bytes, (_, i) => bytes.subarray(i, i + 1)))).request;
  assertEquals(await readBody(request(), LIMITS, pending), bytes);
  assertEquals(pending.bytes, 0);
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

Deno.test("bodies on their way take no more than maxPending together; then they are told to come again", async () => {
  const { handler } = await served(undefined, { maxBytes: 1000, maxPending: 3000, timeout: 5000 });
  let finish = () => {};
  const gate = new Promise<void>((resolve) => finish = resolve);
  /** Gives its body but for the end. */
  const slow = () => {
    let sent = 0;
    const { request } = streamed(() => sent++ ? gate.then(() => undefined) : BODY);
    return handler(request);
  };
  const waiting = [slow(), slow(), slow()];
  await new Promise((resolve) => setTimeout(resolve, 10));
  const full = await slow();
  assertEquals(full.headers.get("retry-after"), "1");
  await refused(full, 503);
  assertEquals((await get(handler, "/sample?n=1")).status, 200);
  finish();
  assertEquals((await Promise.all(waiting)).map(({ status }) => status), [200, 200, 200]);
  assertEquals((await post(handler, "/encode", [[0, 0, 0, 0, 0, 0]])).status, 200);
});

Deno.test("what a body took is given back, however it ends", async () => {
  const pending = new Pending(), limits = { ...LIMITS, timeout: 20 };
  const endings = [
    list([BODY]),
    () => new Uint8Array(600),
    () => Promise.reject(new Error("reset")),
    () => new Promise<undefined>(() => {}),
  ];
  for (const next of endings) {
    await readBody(streamed(next).request, limits, pending).catch(() => {});
    assertEquals(pending.bytes, 0);
  }
});

Deno.test("what nobody gives back, as of a request that its runtime dropped, is taken only until its time is up", () => {
  const pending = new Pending(), now = performance.now(), [dropped, late, other] = [{}, {}, {}];
  assert(pending.hold(dropped, 600, 1000, now + 1e6) && pending.hold(late, 300, 1000, now - 1));
  assertEquals(pending.bytes, 600);
  assert(!pending.hold(other, 500, 1000, now + 1e6));
  assert(pending.hold(other, 400, 1000, now + 1e6) && !pending.hold(other, 401, 1000, now + 1e6));
  assertEquals(pending.bytes, 1000);
  assert(pending.hold(dropped, 600, 1000, now - 1) && pending.hold(other, 1000, 1000, now + 1e6));
  pending.release(other);
  pending.release(late);
  assertEquals(pending.bytes, 0);
});
