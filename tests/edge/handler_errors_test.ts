/** What requests are refused for: the status, and where and what was wrong. */
import { createHandler, type HandlerOptions, load } from "../../src/edge/handler/mod.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../assert.ts";
import { get, post, postRaw, refused, served } from "./handler.ts";
import { smallFile } from "./models.ts";

const ROW = [0, 1, 0.25, 0.5, 0.1, 0.9];
const { handler } = await served(undefined, { maxBatch: 4, maxSamples: 9, maxBytes: 500 });

/** Bodies of /encode: what is wrong with them. */
const BODIES: [body: unknown, status: number, message: string][] = [
  ["", 400, "Cannot read the body: expected JSON, got none"],
  ["{", 400, "Cannot read the body: expected JSON, got Expected property name"],
  ['{"x": [[NaN]]}', 400, "Cannot read the body: expected JSON"],
  ["null", 400, "Cannot read the body: expected an array of rows or an object with x, labels, got null"],
  ["3", 400, "Cannot read the body: expected an array of rows or an object with x, labels, got 3"],
  [{}, 400, "Cannot read x: expected an array of rows of 6, got none"],
  [{ x: { length: 1 } }, 400, "Cannot read x: expected an array of rows of 6, got an object"],
  [[], 400, "Cannot read x: expected from 1 to 4 rows of 6 numbers, got none"],
  [{ x: [ROW, ROW, ROW, ROW, ROW] }, 413, "Cannot read x: expected from 1 to 4 rows of 6 numbers, got 5"],
  [ROW, 413, "got 6"], // as a batch of six
  [[0, 1], 400, "Cannot read x[0]: expected an array of 6, got 0"],
  [[ROW, ROW.slice(1)], 400, "Cannot read x[1]: expected an array of 6, got an array of 5"],
  [[ROW, [...ROW, 1]], 400, "Cannot read x[1]: expected an array of 6, got an array of 7"],
  [[ROW, "abcdef"], 400, 'Cannot read x[1]: expected an array of 6, got "abcdef"'],
  [[ROW, ROW, [0, 0, "1", 0, 0, 0]], 400, 'Cannot read x[2][2]: expected a number, got "1"'],
  [[[0, 0, null, 0, 0, 0]], 400, "Cannot read x[0][2]: expected a number, got null"],
  [[[0, 0, [1], 0, 0, 0]], 400, "Cannot read x[0][2]: expected a number, got an array of 1"],
  ["[[0,0,0,0,1e39,0]]", 400, "Cannot read x[0][4]: expected a finite float32, got Infinity"],
  [[ROW, [0, 0, 0, 0, 0, 1.5]], 422, "Cannot read x[1][5]: expected a value in [0, 1], got 1.5"],
  [[[-0.25, 0, 0, 0, 0, 0]], 422, "Cannot read x[0][0]: expected a value in [0, 1], got -0.25"],
  [{ x: [ROW], y: 1 }, 400, 'Cannot read the body: expected nothing but x, labels, got "y"'],
  [{ x: [ROW], seed: 1 }, 400, 'Cannot read the body: expected nothing but x, labels, got "seed"'],
  [{ x: [ROW], labels: 1 }, 400, "Cannot read labels: expected none, since the model has no classes, got 1"],
  [{ ["x".repeat(99)]: 1 }, 400, `got "${"x".repeat(99)}"`],
  ['{"__proto__": {"x": 1}}', 400, 'expected nothing but x, labels, got "__proto__"'],
  ["[".repeat(499), 400, "Cannot read the body: expected JSON"],
  [`${"[".repeat(240)}${"]".repeat(240)}`, 400, "Cannot read x[0]: expected an array of 6, got an array of 1"],
];

Deno.test("bodies that are wrong are refused with where and what", async () => {
  for (const [body, status, message] of BODIES) {
    const error = await refused(await post(handler, "/encode", body), status);
    assert(error.message.includes(message), `${error.message} has no ${message}`);
    if (error.wanted) assertMatch(error.message, /^Cannot .+: expected .+, got /);
  }
});

/** Questions with a seed, samples, n and others. */
const SETTINGS: [path: string, body: unknown, status: number, message: string][] = [
  [
    "/reconstruct",
    { x: [ROW], seed: "1" },
    400,
    'Cannot read seed: expected an integer from 0 to 9007199254740991, got "1"',
  ],
  ["/reconstruct", { x: [ROW], seed: 1.5 }, 400, "got 1.5"],
  ["/reconstruct", { x: [ROW], seed: null }, 400, "got null"],
  ["/reconstruct", { x: [ROW], seed: -1 }, 422, "got -1"],
  ["/reconstruct", { x: [ROW], seed: 2 ** 53 }, 422, "got 9007199254740992"],
  ["/reconstruct?seed=x", [ROW], 400, 'got "x"'],
  ["/reconstruct?seed=", [ROW], 400, 'got ""'],
  ["/reconstruct?seed=1&seed=2", [ROW], 400, "Cannot read the query: expected seed once, got it twice"],
  ["/reconstruct?sed=1", [ROW], 400, "Cannot read the query: expected nothing but label, seed, got sed"],
  ["/reconstruct?seed=1", { x: [ROW], seed: 1 }, 400, "expected seed in the body or in the query, got both"],
  ["/reconstruct?label=1", [ROW], 400, "expected none, since the model has no classes, got 1"],
  ["/anomaly", { x: [ROW, ROW], samples: 3 }, 422, "Cannot read samples: expected an integer from 1 to 2, got 3"],
  ["/anomaly?samples=0", [ROW], 422, "Cannot read samples: expected an integer from 1 to 4, got 0"],
  ["/decode", { x: [ROW] }, 400, 'Cannot read the body: expected nothing but z, labels, got "x"'],
  ["/decode?as=y", [[0, 0]], 400, 'Cannot read as: expected x or outputs, got "y"'],
  ["/decode", [[0, 0, 0]], 400, "Cannot read z[0]: expected an array of 2, got an array of 3"],
];

Deno.test("settings that are wrong are refused", async () => {
  for (const [path, body, status, message] of SETTINGS) {
    const error = await refused(await post(handler, path, body), status);
    assert(error.message.includes(message), `${error.message} has no ${message}`);
  }
  for (
    const [query, status, got] of [
      ["n=0", 422, "0"],
      ["n=10", 422, "10"],
      ["n=-1", 422, "-1"],
      ["n=1e3", 400, '"1e3"'],
      ["n=0x5", 400, '"0x5"'],
      ["n=99999999999999999999", 400, '"99999999999999999999"'],
      ["seed=-1", 422, "-1"],
      ["label=1", 400, "1"],
      ["m=1", 400, "m"],
    ] as const
  ) {
    assertEquals((await refused(await get(handler, `/sample?${query}`), status)).got, got);
  }
});

Deno.test("labels that are wrong are refused", async () => {
  const { handler } = await served({ input: 6, hidden: [5], latent: 2, classes: 4 });
  for (
    const [labels, status, message] of [
      [undefined, 400, "Cannot read labels: expected one in [0, 4), or 2, got none"],
      [null, 400, "Cannot read labels: expected an integer from 0 to 3, got null"],
      ["1", 400, 'got "1"'],
      [[1], 400, "expected one in [0, 4), or 2, got 1"],
      [[1, "2"], 400, 'Cannot read labels[1]: expected an integer from 0 to 3, got "2"'],
      [[1, 4], 422, "Cannot read labels[1]: expected an integer from 0 to 3, got 4"],
      [-1, 422, "got -1"],
    ] as const
  ) {
    const error = await refused(await post(handler, "/encode", { x: [ROW, ROW], labels }), status);
    assert(error.message.includes(message), error.message);
  }
  for (
    const [query, status] of [["n=2", 400], ["n=2&label=1,2,3", 400], ["n=2&label=1,a", 400], ["n=2&label=1,9", 422]]
  ) {
    await refused(await get(handler, `/sample?${query}`), status as number);
  }
});

Deno.test("float32 that is wrong is refused", async () => {
  const x = (values: number[]) => Float32Array.from(values);
  for (
    const [body, shape, status, message] of [
      [x(ROW), "1", 400, 'Cannot read the header x-shape: expected rows,6, got "1"'],
      [x(ROW), "6", 400, "rows,6"],
      [x(ROW), "1,7", 400, "expected rows,6, got 1,7"],
      [x(ROW), "-1,6", 400, "rows,6"],
      [x(ROW), "1,6,1", 400, "rows,6"],
      [x(ROW), "0,6", 400, "from 1 to 4 rows"],
      [x(ROW), "5,6", 413, "from 1 to 4 rows"],
      [x(ROW), "2,6", 400, "Cannot read x: expected 48 bytes for 2 rows of 6, got 24"],
      [new Uint8Array(x(ROW).buffer, 0, 23), "1,6", 400, "expected 24 bytes for 1 rows of 6, got 23"],
      [x([0, 0, 0, NaN, 0, 0]), "1,6", 400, "Cannot read x[0][3]: expected a finite float32, got NaN"],
      [x([0, 0, 0, 0, -Infinity, 0]), "1,6", 400, "Cannot read x[0][4]: expected a finite float32, got -Infinity"],
      [x([...ROW, 2, 0, 0, 0, 0, 0]), "2,6", 422, "Cannot read x[1][0]: expected a value in [0, 1], got 2"],
      [new Uint8Array(), "1,6", 400, "got 0"],
    ] as const
  ) {
    const error = await refused(
      await postRaw(handler, "/encode", body, shape, { accept: "application/json" }),
      status,
    );
    assert(error.message.includes(message), `${error.message} has no ${message}`);
  }
  const init = { method: "POST", body: x(ROW), headers: { "content-type": "application/octet-stream" } };
  const error = await refused(await handler(new Request("http://localhost/encode", init)), 400);
  assertEquals(error.message, "Cannot read the header x-shape: expected rows,6, got none");
});

Deno.test("paths, methods and types that are not there are refused", async () => {
  for (const path of ["/nowhere", "/encode/", "//encode", "/ENCODE", "/__proto__", "/constructor"]) {
    const { wanted } = await refused(await get(handler, path), 404);
    for (
      const route of ["POST /encode", "POST /decode", "POST /reconstruct", "POST /anomaly", "GET /sample", "GET /"]
    ) {
      assert(wanted!.includes(route));
    }
  }
  for (const [method, path, allow] of [["GET", "/encode", "POST, OPTIONS"], ["PUT", "/decode", "POST, OPTIONS"]]) {
    const response = await handler(new Request(`http://localhost${path}`, { method }));
    assertEquals(response.headers.get("allow"), allow);
    await refused(response, 405);
  }
  const removed = await handler(new Request("http://localhost/sample", { method: "DELETE" }));
  assertEquals(removed.headers.get("allow"), "GET, HEAD, OPTIONS");
  await refused(removed, 405);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", ""]) {
    await refused(await post(handler, "/encode", [ROW], { "content-type": type }), 415);
  }
  await refused(await post(handler, "/encode", [ROW], { "content-encoding": "gzip" }), 415);
  for (const type of ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"']) {
    assertEquals((await post(handler, "/encode", [ROW], { "content-type": type })).status, 200);
  }
});

Deno.test("URLs that are none, as servers make them of a wrong header host, are refused", async () => {
  const { handler, errors } = await served();
  for (const host of ["a b", "[::1", "a@b:99999", "%zz"]) {
    const request = new Request("http://localhost/health"), url = `http://${host}/health`;
    Object.defineProperty(request, "url", { value: url });
    const { wanted, got } = await refused(await handler(request), 400);
    assertEquals([wanted, got], ["a valid one", url]);
  }
  assertEquals(errors, []);
});

Deno.test("the header accept chooses the form; what there is not is refused", async () => {
  const types: Record<string, string> = { json: "application/json", raw: "application/octet-stream", png: "image/png" };
  for (
    const [accept, form] of [
      ["*/*", "json"],
      ["", "json"],
      ["image/png", "png"],
      ["image/*", "png"],
      ["IMAGE/PNG", "png"],
      ["image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "png"], // <img> in Chromium
      ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"], // its address bar
      ["application/json;q=0.5, application/octet-stream", "raw"],
      ["application/*;q=0.5, application/octet-stream;q=0.4, image/png;q=0.3", "json"],
      ["*/*, application/json;q=0", "raw"],
      ["application/json;q=0, application/octet-stream ; q=0.0 , image/*;q=0.001", "png"],
      ["application/json;q=oops", "json"],
    ]
  ) {
    const response = await get(handler, "/sample?n=1", { accept });
    assertEquals([accept, response.headers.get("content-type")], [accept, types[form]]);
    assertEquals(response.headers.get("vary"), "accept");
    await response.bytes();
  }
  for (const accept of ["text/html", "application/json;q=0", "image/jpeg, text/*", "nonsense", ",;q=1,"]) {
    const { wanted } = await refused(await get(handler, "/sample", { accept }), 406);
    assertMatch(wanted!, /application\/json or application\/octet-stream or image\/png/);
  }
  await refused(await post(handler, "/encode", [ROW], { accept: "image/png" }), 406);
  await refused(await get(handler, "/health", { accept: "text/html" }), 406);
});

Deno.test("what goes wrong here is answered with 500, without the reason, which onError is told", async () => {
  const { handler, errors } = await served();
  const request = new Request("http://localhost/encode", {
    method: "POST",
    body: "[]",
    headers: { "content-type": "application/json" },
  });
  await request.text(); // so that the body cannot be read
  assertEquals((await refused(await handler(request), 500)).message, "Cannot answer: something went wrong here");
  assertEquals(errors.length, 1);
  const worse = createHandler(await load(smallFile()), {
    onError() {
      throw new Error("worse");
    },
  });
  await refused(await worse(request), 500);
});

Deno.test("createHandler() refuses what is no model, and options out of range", async () => {
  const model = await load(smallFile()),
    wrong: [HandlerOptions, string][] = [
      [{ maxBytes: 0 }, "expected maxBytes to be a positive integer, got 0"],
      [{ maxBatch: 1.5 }, "expected maxBatch to be a positive integer, got 1.5"],
      [{ maxSamples: NaN }, "expected maxSamples to be a positive integer, got NaN"],
      [{ maxBytes: 9, maxPending: 8 }, "expected maxPending to be at least maxBytes, 9, got 8"],
      [{ timeout: 2 ** 31 }, "expected timeout to be an integer from 1 to 2147483647, got 2147483648"],
      [{ scale: 17 }, "expected scale to be an integer from 1 to 16, got 17"],
      [{ cors: "example.com" }, 'expected cors to be "*" or an origin such as https://example.com, got "example.com"'],
      [{ cors: "https://example.com/" }, "expected cors to be"],
      [{ cors: "" }, "expected cors to be"],
      [{ maxWork: 0 }, "expected maxWork to be a positive integer, got 0"],
      [{ stallTimeout: 0.5 }, "expected stallTimeout to be an integer from 1 to 2147483647, got 0.5"],
    ];
  for (const [options, message] of wrong) assertThrows(() => createHandler(model, options), RangeError, message);
  assertThrows(() => createHandler({} as typeof model), TypeError, "expected a model made by load");
  const mistyped: [options: object, message: string][] = [
    [{ explorer: 1 }, "expected explorer to be the text of a page, got 1"],
    [{ name: 1 }, "expected name to be a text, got 1"],
    [{ clientAddress: "x-real-ip" }, 'expected clientAddress to be a function, got "x-real-ip"'],
    [{ onError: null }, "expected onError to be a function, got null"],
    [{ maxbatch: 3 }, 'unknown option "maxbatch", did you mean "maxBatch"?'],
    [{ port: 80 }, 'unknown option "port".'],
  ];
  for (const [options, message] of mistyped) assertThrows(() => createHandler(model, options), TypeError, message);
  assertThrows(() => createHandler(load(smallFile()) as unknown as typeof model), TypeError, "got a promise; await it");
});
