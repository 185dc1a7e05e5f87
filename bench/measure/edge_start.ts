/**
 * From nothing to the first `decode` of 784-400-20 on the edge, in a new process each time, beside processes that do nothing
 * and that do no more than read the model's file: milliseconds that it takes longer. `deno run` until the first line is
 * printed; `deno serve` and Cloudflare's workerd until the first request is answered.
 */
import { join } from "node:path";
import { writePrograms } from "../edge_programs.ts";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";
import { median } from "../timing.ts";
import { startWorker } from "../workerd.ts";

const { samples, quick } = readFlags({ samples: 41, quick: false });
const folder = await writePrograms(), PROGRAMS = ["empty", "file", "decode"];

/** Starts Deno, and gives what it prints until there is a line that `found` takes, and when that was. */
async function spawned(stream: "stdout" | "stderr", args: string[], found: RegExp) {
  const began = performance.now(), options = { args, stdin: "null", stdout: "null", stderr: "null", [stream]: "piped" };
  const child = new Deno.Command(Deno.execPath(), options as Deno.CommandOptions).spawn();
  const reader = child[stream].pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`Cannot start deno ${args.join(" ")}: it failed\n${text}`);
    const [, line] = (text += value).match(found) ?? [];
    if (line !== undefined) return { child, reader, began, ms: performance.now() - began, line };
  }
}

async function run(name: string): Promise<{ ms: number; line: string }> {
  const args = ["run", "--no-prompt", "--allow-read", join(folder, "src", "run", `${name}.js`)];
  const { child, reader, ms, line } = await spawned("stdout", args, /^(.*)\n/);
  await Promise.all([reader.cancel(), child.status]);
  return { ms, line };
}

/** Milliseconds since a process began, when it has answered. */
async function answered(url: string, began: number): Promise<number> {
  const response = await fetch(url);
  await response.bytes();
  if (!response.ok) throw new Error(`Cannot measure a start: expected an answer of status 200, got ${response.status}`);
  return performance.now() - began;
}

async function serve(name: string): Promise<{ ms: number }> {
  const args = ["serve", "--no-prompt", "--allow-read", "--host", "127.0.0.1", "--port", "0"];
  const program = join(folder, "src", "serve", `${name}.js`);
  const { child, reader, began, line } = await spawned("stderr", [...args, program], /(http:\/\/127\.0\.0\.1:\d+\/)/);
  const ms = await answered(line, began);
  child.kill();
  await Promise.all([reader.cancel(), child.status]);
  return { ms };
}

async function workerd(name: string): Promise<{ ms: number }> {
  const { url, began, stop } = await startWorker(join(folder, name), "worker.js"), ms = await answered(url, began);
  await stop();
  return { ms };
}

try {
  const count = quick ? 3 : samples;
  for (const [where, start] of Object.entries({ "deno run": run, "deno serve": serve, workerd })) {
    for (const name of PROGRAMS) await start(name); // fills the caches on disk
    const times: Record<string, number[]> = {};
    for (let i = 0; i < count; i++) {
      for (const name of i % 2 ? PROGRAMS : PROGRAMS.toReversed()) (times[name] ??= []).push((await start(name)).ms);
    }
    const beyond = (name: string) => median(times.decode.map((ms, i) => ms - times[name][i]));
    const [empty, file, decode] = PROGRAMS.map((name) => median(times[name]));
    print({ measure: "edge_start", where, beyond: beyond("empty"), beyond_file: beyond("file"), empty, file, decode });
  }
  const phases: Record<string, number>[] = [];
  for (let i = 0; i < count; i++) phases.push(JSON.parse((await run("phases")).line));
  for (const phase of Object.keys(phases[0])) {
    print({ measure: "edge_start", phase, ms: median(phases.map((p) => p[phase])) });
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
