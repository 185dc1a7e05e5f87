/** The handler behind `Deno.serve`: what clients do to bodies and connections, and that it answers afterwards. */
import fc from "npm:fast-check@4.10.2";
import type { HandlerOptions } from "../../src/edge/handler/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { get, post, served } from "./handler.ts";
import { hangUp, requestText, send, sendAll, SINCE_2_9, sleep, statusOf } from "./server.ts";

const ROW = "[[0,1,0.25,0.5,0.1,0.9]]", JSON_BODY = { "content-type": "application/json" };

/** Uses a server; afterwards it answers as before, and nothing has gone wrong in it. */
async function listening(
  options: HandlerOptions,
  use: (server: { readonly url: string; readonly port: number }) => Promise<void>,
): Promise<void> {
  const { handler, errors } = await served(undefined, options), of = async (answer: Response) => await answer.text();
  const wanted = [await of(await get(handler, "/sample?n=2&seed=5")), await of(await post(handler, "/encode", ROW))];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  try {
    const { port } = server.addr, url = `http://127.0.0.1:${port}`;
    await use({ url, port });
    const encoded = await fetch(`${url}/encode`, { method: "POST", body: ROW, headers: JSON_BODY });
    assertEquals([await of(await fetch(`${url}/sample?n=2&seed=5`)), await of(encoded)], wanted);
    assertEquals(errors, []);
  } finally {
    await server.shutdown();
  }
}

/** A POST of JSON to /encode that says how long its body is. */
function encode(length: number, body: string): string {
  return requestText("POST /encode", { ...JSON_BODY, "content-length": length }, body);
}

/** Such a POST in chunks. */
function chunked(...chunks: string[]): string[] {
  const head = requestText("POST /encode", { ...JSON_BODY, "transfer-encoding": "chunked" });
  return [head, ...chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)];
}

Deno.test("a body that stops or trickles is answered with 408", async () => {
  await listening({ timeout: 300 }, async ({ port }) => {
    const trickle = [...ROW.slice(1)].flatMap((character) => [40, character]);
    const answers = await Promise.all([
      send(port, encode(ROW.length, "")),
      send(port, encode(ROW.length, ROW.slice(1))),
      send(port, ...chunked("[[0,")),
      send(port, encode(ROW.length, "["), ...trickle),
    ]);
    for (const answer of answers) {
      assertEquals(statusOf(answer), 408, answer);
      assertStringIncludes(answer, "expected all of it within 300 ms, got ");
    }
  });
});

Deno.test("a body that comes slowly is read whole, however it is cut", async () => {
  await listening({}, async ({ port }) => {
    const characters = [...ROW], [head, ...chunks] = chunked(...characters);
    const slow = (parts: string[]) => parts.flatMap((part) => [2, part]);
    const answers = await Promise.all([
      send(port, encode(ROW.length, ""), ...slow(characters)),
      send(port, head, ...slow([...chunks, "0\r\n\r\n"])),
      send(port, ...slow([...encode(ROW.length, ROW)])),
    ]);
    const bodies = answers.map((answer) => answer.slice(answer.indexOf("\r\n\r\n")));
    assertEquals(answers.map(statusOf), [200, 200, 200], answers.join());
    assertEquals(bodies, bodies.with(1, bodies[0]).with(2, bodies[0]));
  });
});

Deno.test("clients that hang up, in the body or before the answer, leave nothing behind", async () => {
  // Room for three bodies: it would be gone if any were kept.
  await listening({ maxBytes: 1000, maxPending: 3000 }, async ({ port }) => {
    for (let round = 0; round < 20; round++) {
      await Promise.all([
        hangUp(port, ""),
        hangUp(port, "POST /enc"),
        hangUp(port, encode(ROW.length, ROW.slice(0, round))),
        hangUp(port, encode(ROW.length, ROW.slice(0, round)), round),
        hangUp(port, chunked(ROW).join(""), round),
        hangUp(port, encode(ROW.length, ROW)),
        hangUp(port, requestText("GET /sample?n=256", {})),
      ]);
    }
  });
});

Deno.test("a body that claims to be too large is answered with 413, before any of it is sent", async () => {
  await listening({}, async ({ port }) => {
    assertEquals(statusOf(await send(port, encode(2 ** 21 + 1, ""))), 413);
    assertEquals(statusOf(await send(port, encode(1e15, ""))), 413);
  });
});

Deno.test({
  name: "a body that is too large is answered with 413, without reading all of it",
  ignore: !SINCE_2_9,
  fn: () =>
    listening({}, async ({ url }) => {
      let sent = 0;
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          controller.enqueue(new Uint8Array(1 << 16).fill(32));
          if ((sent += 1 << 16) >= 2 ** 28) controller.close();
        },
      });
      const answer = await fetch(`${url}/encode`, { method: "POST", body: endless, headers: JSON_BODY });
      assertEquals(answer.status, 413, await answer.text());
      assert(sent < 2 ** 26, `${sent} bytes were sent`); // what the sockets hold, beside 2 MiB
      const large = await fetch(`${url}/encode`, { method: "POST", body: new Uint8Array(2 ** 25), headers: JSON_BODY });
      assertEquals(large.status, 413, await large.text());
    }),
});

/** The beginning of an upload of two mebibytes: more than a half of it, so that it takes all of its room. */
const LARGE = encode(2 ** 21, " ".repeat(2 ** 20 + 2 ** 17));

Deno.test("eight clients that stall in the middle of an upload do not keep a ninth from its answer", async () => {
  await listening({ stallTimeout: 2500 }, async ({ port }) => {
    for (let round = 0; round < 2; round++) {
      const stalling = Array.from({ length: 8 }, () => send(port, LARGE));
      await sleep(200);
      assertEquals(statusOf(await send(port, requestText("GET /health", {}))), 200);
      // All are of one address, which could not take all the room for itself.
      const others = await Promise.all(Array.from({ length: 8 }, () => send(port, encode(ROW.length, ROW))));
      assertEquals(others.map(statusOf), others.map(() => 200), others.join());
      for (const answer of await Promise.all(stalling)) {
        assert([408, 503].includes(statusOf(answer)!), answer);
        if (statusOf(answer) === 503) assertMatch(answer, /^retry-after: 1\r$/m);
        else assertStringIncludes(answer, "expected more of it within 2500 ms, got ");
      }
    }
  });
});

Deno.test("uploads that drip end by the timeout, or at once where others need their room; slow ones go through", async () => {
  await listening({ timeout: 4000, stallTimeout: 1500 }, async ({ port }) => {
    const drip = Array.from({ length: 40 }, () => [100, " "]).flat();
    const dripping = [1, 2, 3].map(() => send(port, LARGE, ...drip));
    // A body of 160 KiB in 20 pieces: 2 seconds in all, as much as it needs to bring each second.
    const text = ROW.padEnd(160 * 1024, " "), piece = 8 * 1024;
    const pieces = Array.from({ length: 20 }, (_, i) => [100, text.slice(i * piece, (i + 1) * piece)]).flat();
    const slow = send(port, encode(text.length, ""), ...pieces);
    // Large ones, for which some of the others have to give way.
    const whole = ROW.padEnd(2 ** 21, " "), large = [1, 2].map(() => send(port, encode(whole.length, whole)));
    assertEquals(statusOf(await slow), 200);
    assertEquals((await Promise.all(large)).map(statusOf), [200, 200]);
    const ends = (await Promise.all(dripping)).map(statusOf);
    assert(ends.includes(503) && ends.every((status) => status === 503 || status === 408), `${ends}`);
  });
});

Deno.test("requests one behind the other on a connection are all answered, in their order", async () => {
  await listening({}, async ({ port }) => {
    const kept = (text: string) => text.replace("connection: close\r\n", "");
    const wrong = kept(requestText("POST /nowhere", { "content-length": 5 }, "12345"));
    const asked = [
      ...[kept(requestText("GET /sample?n=1", {})), wrong, kept(encode(ROW.length, ROW)), kept(encode(2, "[]"))],
      requestText("HEAD /health", {}),
    ];
    const answer = await sendAll(port, 30_000, asked.join(""));
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
    assertEquals(statuses, [200, 404, 200, 400, 200], answer);
    const few = (await Promise.all(asked.map((text) => send(port, text.replace("\r\n", "\r\nconnection: close\r\n")))))
      .map(statusOf);
    assertEquals(few, statuses);
  });
});

/** Requests that are none, or only almost. */
const ODD = [
  ...["\r\n\r\n", "\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET /health\r\n\r\n", "GET /health HTTP/9.9\r\n\r\n"],
  ...[
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET /health HTTP/1.0\r\n\r\n",
  ],
  ...["a b", "[::1", "a@b:99999", "%zz", "", "\xff", "a/b?c", "a, b"].map((host) =>
    requestText("GET /health", { host })
  ),
  ...["*", "http://other/health", "http://a:99999/health", "//x:y@z:1/health", "/\xff", "/%", `/${"x".repeat(9000)}`]
    .map(
      (path) => requestText(`OPTIONS ${path}`, {}),
    ),
  ...["CONNECT a:80", "TRACE /health", "BREW /sample", "get /health", `${"X".repeat(9000)} /`].map((line) =>
    requestText(line, {})
  ),
  ...["-1", "1e1", "0x10", "99999999999999999999", "5\r\ncontent-length: 6", "abc"].map((length) =>
    requestText("POST /encode", { ...JSON_BODY, "content-length": length }, ROW)
  ),
  ...["zz\r\n", "-1\r\n", "ffffffffffffffff\r\n", "5\r\nabc", "2;x=y\r\n[]\r\n0\r\n\r\n", "2\r\n[]xx0\r\n\r\n"].map((
    body,
  ) => requestText("POST /encode", { ...JSON_BODY, "transfer-encoding": "chunked" }, body)),
  requestText("GET /health", { "x-large": "x".repeat(1e6) }),
  requestText("GET /health", Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, i]))),
  requestText("POST /encode", { ...JSON_BODY, expect: "100-continue", "content-length": ROW.length }, ROW),
];

Deno.test("what is no request, or hardly one, disturbs nothing", async () => {
  await listening({ timeout: 200 }, async ({ port }) => {
    const statuses = new Set<number | undefined>();
    await Promise.all(ODD.map(async (text) => {
      // Some wait for more that never comes.
      const answer = await sendAll(port, 1000, text), status = statusOf(answer);
      assert(status === undefined || status < 500, `${text.slice(0, 80)}: ${answer}`);
      statuses.add(status);
    }));
    for (const status of [undefined, 200, 400, 404, 405]) assert(statuses.has(status), `${[...statuses]}`);
    const bytes = fc.sample(fc.uint8Array({ maxLength: 300 }), { seed: 1, numRuns: 100 });
    await Promise.all(bytes.map((bytes) => hangUp(port, String.fromCharCode(...bytes), 20)));
  });
});
