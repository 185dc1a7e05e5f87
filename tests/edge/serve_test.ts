/** examples/serve.ts as its users run it: `deno serve`, with one isolate and with several. */
import { decode as decodePng } from "npm:fast-png@8.0.0";
import { createHandler } from "../../src/edge/handler/mod.ts";
import { init, save } from "../../mod.ts";
import { decode, encode, generate, key, likelihood, load, reconstruct } from "../../src/edge/mod.ts";
import { explorer } from "../../src/explorer/mod.ts";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../assert.ts";
import { floats } from "./handler.ts";
import { smallFile } from "./models.ts";
import { hangUp, requestText, send, serve, type Server, SINCE_2_9, sleep, statusOf, withServer } from "./server.ts";

const D = 16, FILE = smallFile({ input: D, hidden: [300], latent: 2 }), MODEL = await load(FILE);
const X = Float32Array.from({ length: 3 * D }, (_, i) => (i * 7 % 11) / 11), Z = Float32Array.of(0.5, -1, 2, 0);
const rows = (data: Float32Array, cols: number) =>
  Array.from({ length: data.length / cols }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
const CASES: [name: string, flags: string[]][] = [["one isolate", []], ["several isolates", ["--parallel"]]];

/** A request to a server, or to a handler in this process. */
function question(url: string, path: string, body?: unknown, accept = "application/json"): Request {
  const raw = body instanceof Float32Array, headers = new Headers({ accept });
  if (body === undefined) return new Request(url + path, { headers });
  headers.set("content-type", raw ? "application/octet-stream" : "application/json");
  if (raw) headers.set("x-shape", `${body.length / D},${D}`);
  return new Request(url + path, { method: "POST", headers, body: raw ? body.slice() : JSON.stringify(body) });
}

/** Every route, with what it is asked. */
const QUESTIONS: [path: string, body?: unknown, accept?: string][] = [
  ["/encode", { x: rows(X, D) }],
  ["/encode", X, "application/octet-stream"],
  ["/decode", rows(Z, 2)],
  ["/decode?as=outputs", { z: rows(Z, 2) }],
  ["/reconstruct", { x: rows(X, D), seed: 4 }],
  ["/anomaly?samples=3&seed=1", X],
  ["/sample?n=4&seed=7"],
  ["/sample?n=4&seed=7", undefined, "application/octet-stream"],
  ["/sample?n=4&seed=7", undefined, "image/png"],
  ["/", undefined, "text/html"],
  ["/model.safetensors", undefined, "*/*"],
  ["/nowhere"],
];

async function json(url: string, path: string, body?: unknown) {
  const response = await fetch(question(url, path, body)), answer = await response.json();
  assertEquals(response.status, 200, JSON.stringify(answer));
  return answer;
}

Deno.test("all routes answer with the bits of the edge's functions, and with the bytes of the handler here", async () => {
  const handler = createHandler(MODEL, { explorer }), { mean, logVar } = encode(MODEL, X);
  for (const [name, flags] of CASES) {
    await withServer(FILE, flags, async ({ url }) => {
      const encoded = await json(url, "/encode", rows(X, D));
      assertEquals([floats(encoded.mean), floats(encoded.logVar)], [mean.data, logVar.data]);
      const means = likelihood(MODEL).mean(decode(MODEL, Z)).data;
      assertEquals(floats((await json(url, "/decode", rows(Z, 2))).x), means);
      const seen = reconstruct(MODEL, X, { key: key(4) }).data;
      assertEquals(floats((await json(url, "/reconstruct?seed=4", X)).x), seen);
      assertEquals(floats((await json(url, "/sample?n=4&seed=7")).x), generate(MODEL, { n: 4, key: key(7) }).data);
      // Many at once, so that every isolate has some.
      await Promise.all(
        Array.from({ length: 8 }, () => QUESTIONS).flat().map(async (asked) => {
          const there = await fetch(question(url, ...asked)), here = await handler(question(url, ...asked));
          assertEquals([there.status, there.headers.get("content-type")], [
            here.status,
            here.headers.get("content-type"),
          ]);
          assertEquals(there.headers.get("x-shape"), here.headers.get("x-shape"));
          const bytes = await there.bytes();
          assertEquals(bytes, await here.bytes(), `${name}: ${asked[0]}`);
          if (asked[2] === "image/png") assertEquals(decodePng(bytes, { checkCrc: true }).width, 2 + 2 * (4 * 2 + 2));
        }),
      );
      assertEquals((await json(url, "/health")).status, "ok");
    });
  }
});

/** What several connections are answered, each of its own. */
async function bodies({ port }: Server, target: string, count: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => send(port, requestText(`GET ${target}`, {}))));
  return answers.map((answer) => answer.slice(answer.indexOf("\r\n\r\n") + 4));
}

Deno.test("isolates of --parallel give equal seeds equal answers", async () => {
  await withServer(FILE, ["--parallel"], async (server) => {
    // The memory of a model grows with the largest question so far: isolates that were asked it differ from others.
    await bodies(server, "/sample?n=256", 1);
    const memories = new Set<number>(), samples = new Set<string>();
    for (let i = 0; i < 50 && (memories.size < 2 || i < 5); i++) {
      for (const body of await bodies(server, "/health", 20)) memories.add(JSON.parse(body).bytes);
      for (const body of await bodies(server, "/sample?n=2&seed=9007199254740991", 20)) samples.add(body);
    }
    assert(memories.size >= 2, `${[...memories]}`);
    assertEquals(samples.size, 1);
    assertNotEquals(await bodies(server, "/sample?n=2&seed=0", 1), [...samples]);
  });
});

Deno.test("clients that are wrong, hang up or send no requests do not disturb a server, nor make it complain", async () => {
  for (const [, flags] of CASES) {
    await withServer(FILE, flags, async ({ url, port }) => {
      const before = await json(url, "/sample?seed=3");
      const encode = (length: number, body: string) =>
        requestText("POST /encode", { "content-type": "application/json", "content-length": length }, body);
      const million = `[${new Array(1e6).fill("0")}]`;
      for (let round = 0; round < 5; round++) {
        await Promise.all([
          hangUp(port, encode(1000, "[[0,")),
          hangUp(port, encode(1000, "[[0,"), 30),
          hangUp(port, "\0\xff\r\n\r\n", 10),
          hangUp(port, requestText("GET /sample?n=256", {})),
        ]);
        const answers = [
          send(port, encode(2 ** 21 + 1, "")),
          send(port, encode(million.length, million)),
          send(port, encode(4, "[[0]")),
          send(port, requestText("GET /health", { host: "a b" })),
          send(port, requestText("GET /health", { host: "localhost" })),
        ];
        assertEquals((await Promise.all(answers)).map(statusOf), [413, 413, 400, 400, 200]);
      }
      assertEquals(await json(url, "/sample?seed=3"), before);
    });
  }
});

Deno.test("thousands of requests leave a server's memory as it was", async () => {
  // With little room for garbage, of which there would be more the longer it runs.
  await withServer(FILE, ["--v8-flags=--max-old-space-size=32,--max-semi-space-size=1"], async ({ url, pid }) => {
    const ask = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await Promise.all(QUESTIONS.map(async (asked) => (await fetch(question(url, ...asked))).bytes()));
      }
      const { stdout } = await new Deno.Command("sh", { args: ["-c", `grep VmRSS /proc/${pid}/status`] }).output();
      const resident = 1024 * Number(new TextDecoder().decode(stdout).match(/\d+/)?.[0] ?? 0); // 0 where it is not Linux
      return { resident, bytes: (await json(url, "/health")).bytes };
    };
    const first = await ask(100), then = await ask(400);
    assertEquals(then.bytes, first.bytes);
    // A body kept of each would be 64 MB.
    assert(then.resident < first.resident + 24 * 2 ** 20, JSON.stringify({ first, then }));
  });
});

Deno.test({
  name: "SIGTERM ends a server once clients in the middle of a question are gone, a second one at once",
  ignore: !SINCE_2_9,
  fn: async () => {
    const head = requestText("POST /encode", { "content-type": "application/json", "content-length": 99 }, "[[0,");
    for (const [, flags] of CASES) {
      await withServer(FILE, flags, async ({ port }, child) => {
        const half = send(port, head);
        await sleep(500);
        child.kill("SIGTERM");
        assertEquals(statusOf(await half), 400);
        await child.status;
      });
      let left: Promise<void> | undefined;
      await withServer(FILE, flags, async ({ port }, child) => {
        left = hangUp(port, head, 2000);
        await sleep(500);
        child.kill("SIGTERM");
        await sleep(400);
      }, [143, "SIGTERM"]);
      await left;
    }
  },
});

Deno.test("without a file, or the permission to read it, it says what is missing and ends", async () => {
  const path = await Deno.makeTempFile();
  try {
    for (
      const [flags, args, wanted] of [
        [[], [], "Cannot serve: expected one argument, a model's file, got 0"],
        [[], [path, path], "Cannot serve: expected one argument, a model's file, got 2"],
        [[], [path], "Requires read access to"],
        [[`--allow-read=${path}`], [path], "Cannot read checkpoint: expected a safetensors file, got an empty one"],
      ] as const
    ) {
      for (const [, parallel] of CASES) {
        const { code, stderr } = await serve([...flags, ...parallel], args).output();
        assertEquals(code, 1);
        assertStringIncludes(new TextDecoder().decode(stderr), wanted);
      }
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("the questions that the example documents are answered by the README's model", async () => {
  const text = await Deno.readTextFile(new URL("../../examples/serve.ts", import.meta.url));
  const handler = createHandler(await load(save(init({ input: 784, hidden: [400], latent: 20 }, { key: key(0) }))));
  const lines = [...text.matchAll(/^ \* {5}curl (.+)$/gm)].map(([, line]) => line);
  assertEquals(lines.length, 4);
  for (const line of lines) {
    const url = line.match(/'?(http:\/\/localhost:8000\S*?)'?( |$)/)![1], body = line.match(/-d '([^']*)'/)?.[1];
    const headers = [...line.matchAll(/-H '([^:]+): ([^']+)'/g)].map((
      [, name, value],
    ): [string, string] => [name, value]);
    const response = await handler(new Request(url, { method: body === undefined ? "GET" : "POST", body, headers }));
    assertEquals(response.status, 200, `${line}: ${await response.text()}`);
  }
});

Deno.test("the commands that serve listen on this machine alone", async () => {
  for (const file of ["../../README.md", "../../examples/serve.ts"]) {
    const text = await Deno.readTextFile(new URL(file, import.meta.url));
    const commands = [...text.matchAll(/^.*\bdeno(?:@[\d.]+)? serve .*--allow-read.*$/gm)].map(([line]) => line);
    assert(commands.length >= 1 && commands.every((line) => line.includes(" --host 127.0.0.1 ")), commands.join("\n"));
  }
});

Deno.test("a server that is asked for all that it may be answers /health in between", async () => {
  const file = save(init({ input: 784, hidden: [400], latent: 20 }, { key: key(0) })), MiB = 2 ** 20;
  await withServer(file, [], async ({ url, port }) => {
    const order: string[] = [], statuses: Record<string, number[]> = {};
    const noted = async (name: string, answer: Promise<Response>) => {
      const response = await answer;
      await response.bytes();
      (statuses[name] ??= []).push(response.status);
      order.push(name);
    };
    const json = { "content-type": "application/json" };
    const post = (path: string, body: string) => fetch(url + path, { method: "POST", body, headers: json });
    const row = JSON.stringify(new Array(784).fill(0.125));
    const stalled = Array.from(
      { length: 3 },
      () => hangUp(port, requestText("POST /encode", { ...json, "content-length": 2 * MiB }, " ".repeat(MiB)), 3000),
    );
    const large = Array.from({ length: 4 }, () => [
      noted("sample", fetch(`${url}/sample?n=256`)),
      noted("png", fetch(`${url}/sample?n=256`, { headers: { accept: "image/png" } })),
      noted("anomaly", post("/anomaly?samples=256", `[${row}]`)),
      noted("numbers", post("/encode", `[${new Array(MiB - 1).fill("0")}]`)),
      noted("brackets", post("/encode", "[".repeat(2 * MiB))),
    ]).flat();
    await sleep(50);
    // One after the other: the first ones have to be answered before the last of the large ones.
    for (let i = 0; i < 20; i++) await noted("health", fetch(`${url}/health`));
    await Promise.all([...large, ...stalled]);
    assertEquals(statuses.health, new Array(20).fill(200));
    const before = order.slice(0, order.findLastIndex((name) => name !== "health"));
    assert(before.filter((name) => name === "health").length >= 3, order.join(" "));
    for (const name of ["sample", "png", "anomaly"]) assertEquals(statuses[name], [200, 200, 200, 200], name);
    // Refused for what they are, or because too many came at a time.
    for (const name of ["numbers", "brackets"]) {
      assert(statuses[name].every((status) => [400, 413, 503].includes(status)), `${name}: ${statuses[name]}`);
    }
  });
});
