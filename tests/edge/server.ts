/** Servers in processes of their own, and what is sent to them byte by byte. */
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "../assert.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/serve.ts", import.meta.url));

const [major, minor] = Deno.version.deno.split(".").map(Number);

/**
 * Whether this Deno is 2.9 or later: since then SIGTERM lets `deno serve` answer what it was asked, where it was killed
 * before, and `fetch` gives an answer that came before the body was sent, where it failed before.
 */
export const SINCE_2_9 = major > 2 || minor >= 9;

/** A server that runs. */
export type Server = { readonly url: string; readonly port: number; readonly pid: number };

/** Runs `deno serve` on the example, with no permissions but those of `flags`, as its users do. */
export function serve(flags: readonly string[], args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "serve",
      "--no-prompt",
      "--unstable-no-legacy-abort",
      "--host=127.0.0.1",
      "--port=0",
      ...flags,
      EXAMPLE,
      ...args,
    ],
    // More isolates than this machine may have cores, where there are several.
    env: { NO_COLOR: "1", DENO_JOBS: "3" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * Uses a server that may read a model's file and do nothing else. It has to end when told to, by a SIGTERM after `use` if
 * not before, and to complain of nothing.
 */
export async function withServer(
  file: Uint8Array<ArrayBuffer>,
  flags: readonly string[],
  use: (server: Server, child: Deno.ChildProcess) => Promise<unknown>,
  wanted: readonly [code: number, signal: string | null] = SINCE_2_9 ? [0, null] : [143, "SIGTERM"],
): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  await Deno.writeFile(path, file);
  await using child = serve([`--allow-read=${path}`, ...flags], [path]);
  try {
    const stdout = new Response(child.stdout).text();
    const [told, all] = child.stderr.tee(), stderr = new Response(all).text();
    let line = "";
    for await (const text of told.pipeThrough(new TextDecoderStream())) if ((line += text).includes("\n")) break;
    const [, url, port] = line.match(/^deno serve: Listening on (http:\/\/127\.0\.0\.1:(\d+))\/ ?/)!;
    await use({ url, port: Number(port), pid: child.pid }, child);
    try {
      child.kill("SIGTERM");
    } catch { /* It has ended. */ }
    const { code, signal } = await child.status;
    assertEquals([code, signal, await stdout], [...wanted, ""]);
    assertMatch(await stderr, /^deno serve: Listening on \S+( with \d+ threads)?\n$/);
  } finally {
    await Deno.remove(path);
  }
}

/** The bytes of a request, after which the connection is to be closed. */
export function requestText(line: string, headers: Record<string, string | number>, body = ""): string {
  const lines = Object.entries({ host: "localhost", connection: "close", ...headers }).map(([k, v]) =>
    `${k}: ${v}\r\n`
  );
  return `${line} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

/** A text to send, one character a byte; milliseconds to wait; or what to wait for. */
type Part = string | number | Promise<unknown>;

/**
 * Sends texts over a connection of its own. Then it reads one answer: Deno's server does not close a connection whose body
 * it does not want.
 *
 * @returns What comes back, until it is an answer or the other side closes the connection; "" where it just does.
 */
export function send(port: number, ...parts: readonly Part[]): Promise<string> {
  return converse(port, parts, 30_000, (text) => {
    const head = text.indexOf("\r\n\r\n"), length = text.match(/^content-length: (\d+)\r$/im)?.[1];
    return head >= 0 && !text.startsWith("HTTP/1.1 100") && text.length >= head + 4 + Number(length ?? 0);
  });
}

/** The same, but reads on until the other side closes the connection, or for so many milliseconds. */
export function sendAll(port: number, patience: number, ...parts: readonly Part[]): Promise<string> {
  return converse(port, parts, patience, () => false);
}

async function converse(
  port: number,
  parts: readonly Part[],
  patience: number,
  complete: (text: string) => boolean,
): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const answer = read(connection, complete), timer = setTimeout(() => connection.close(), patience);
  for (const part of parts) {
    if (typeof part !== "string") await (typeof part === "number" ? sleep(part) : part);
    else {
      const bytes = Uint8Array.from(part, (character) => character.charCodeAt(0));
      // Whoever has refused it does not take the rest.
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at)).catch(() => bytes.length);
    }
  }
  return await answer.finally(() => clearTimeout(timer));
}

async function read(connection: Deno.Conn, complete: (text: string) => boolean): Promise<string> {
  const decoder = new TextDecoder("latin1"), buffer = new Uint8Array(1 << 14);
  let text = "";
  while (!complete(text)) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) break;
    text += decoder.decode(buffer.subarray(0, count));
  }
  return text;
}

/** Sends a text, and hangs up after so many milliseconds whatever the other side makes of it. */
export async function hangUp(port: number, text: string, after = 0): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  await sleep(after);
}

/** The status of an answer; undefined if there is none. */
export function statusOf(answer: string): number | undefined {
  const status = answer.match(/^HTTP\/1\.[01] (\d{3}) /)?.[1];
  return status === undefined ? undefined : Number(status);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
