/**
 * How soon `/health` is answered while others ask a server of 784-400-20 for as much as they may, and for more: large
 * `/anomaly`, pictures, answers of JSON, bodies of two mebibytes of numbers and of brackets, and uploads that stall.
 * `deno serve` runs examples/serve.ts in a process of its own; each question has a connection of its own.
 */
import { fileURLToPath } from "node:url";
import { modelFile } from "../edge_model.ts";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";

const { samples, clients } = readFlags({ samples: 400, clients: 3 });
const file = await Deno.makeTempFile({ suffix: ".safetensors" });
await Deno.writeFile(file, modelFile());
const example = fileURLToPath(new URL("../../examples/serve.ts", import.meta.url));
const args = [
  "serve",
  "--no-prompt",
  "--unstable-no-legacy-abort",
  `--allow-read=${file}`,
  "--host=127.0.0.1",
  "--port=0",
];
const child = new Deno.Command(Deno.execPath(), { args: [...args, example, file], stderr: "piped", stdout: "null" })
  .spawn();
const port = await listening(child.stderr);
const url = `http://127.0.0.1:${port}`;

/** The port that a server says it listens on. */
async function listening(stderr: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<number> {
  let text = "";
  const reader = stderr.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`Cannot start the server: it failed\n${text}`);
    const [, found] = (text += value).match(/127\.0\.0\.1:(\d+)/) ?? [];
    if (found === undefined) continue;
    reader.cancel();
    return Number(found);
  }
}

const row = JSON.stringify(new Array(784).fill(0.125)), MiB = 2 ** 20;
const codes = JSON.stringify(new Array(256).fill(new Array(20).fill(0.5)));
const numbers = `[${new Array(MiB).fill("0").join()}]`.slice(0, 2 * MiB),
  brackets = `[${new Array(600_000).fill("[]")}]`;

const post = (path: string, body: string) => () =>
  fetch(url + path, { method: "POST", body, headers: { "content-type": "application/json" } });

/** What each client of the attack does, again and again. */
const ATTACK: Readonly<Record<string, () => Promise<unknown>>> = {
  anomaly: post("/anomaly?samples=256", `[${row}]`),
  batch: post("/anomaly?samples=1", `[${new Array(256).fill(row)}]`),
  decode: post("/decode", codes),
  sample: () => fetch(`${url}/sample?n=256`),
  png: () => fetch(`${url}/sample?n=256`, { headers: { accept: "image/png" } }),
  numbers: post("/encode", numbers),
  brackets: post("/encode", brackets),
  deep: post("/encode", "[".repeat(2 * MiB)),
  stall,
};

/** An upload that stops in the middle. */
async function stall(): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = `POST /encode HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${
    2 * MiB
  }\r\n\r\n`;
  const bytes = new TextEncoder().encode(head + " ".repeat(1.2 * MiB));
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  await connection.read(new Uint8Array(1000));
}

const ended = new AbortController(), counts: Record<string, number> = {};

async function attack(name: string): Promise<void> {
  while (!ended.signal.aborted) {
    try {
      const answer = await ATTACK[name]();
      if (answer instanceof Response) await answer.bytes();
      const key = `${name} ${answer instanceof Response ? answer.status : ""}`.trim();
      counts[key] = (counts[key] ?? 0) + 1;
    } catch { /* The server hangs up, or has ended. */ }
  }
}

/** Milliseconds from a new connection to the whole answer of `/health`. */
async function health(): Promise<number> {
  const began = performance.now();
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode("GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"));
  const buffer = new Uint8Array(1 << 14);
  let text = "";
  for (let count; (count = await connection.read(buffer)) !== null;) {
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  if (!text.startsWith("HTTP/1.1 200")) {
    throw new Error(`Cannot measure: expected status 200, got ${text.slice(0, 20)}`);
  }
  return performance.now() - began;
}

async function latencies(count: number): Promise<Readonly<Record<"median_ms" | "p99_ms" | "most_ms", number>>> {
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    all.push(await health());
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  all.sort((a, b) => a - b);
  return { median_ms: all[count >> 1], p99_ms: all[Math.ceil(0.99 * count) - 1], most_ms: all[count - 1] };
}

try {
  await latencies(50);
  print({ measure: "edge_attack", of: "health", under: "nothing", ...await latencies(samples) });
  const attackers = Object.keys(ATTACK).flatMap((name) => Array.from({ length: clients }, () => attack(name)));
  await new Promise((resolve) => setTimeout(resolve, 2000));
  print({
    measure: "edge_attack",
    of: "health",
    under: "attack",
    clients: attackers.length,
    ...await latencies(samples),
    counts,
  });
  ended.abort();
} finally {
  child.kill("SIGKILL");
  await child.status;
  await Deno.remove(file);
}
