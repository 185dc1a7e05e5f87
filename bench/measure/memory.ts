/**
 * Resident memory while `deno task train` trains on MNIST, in MB of 10^6 bytes: the most that was seen, and what it
 * consisted of then. Runs the command line's own code in this process, and looks every 50 ms.
 */
import { runtime } from "../../src/backend/start.ts";
import * as tf from "../../src/backend/tf.ts";
import { training } from "../../src/cli/training.ts";
import { trainFlags } from "../../src/cli/train_flags.ts";
import { readFlags } from "../flags.ts";
import { parameters } from "../flops.ts";
import { MODEL } from "../model.ts";
import { print } from "../result.ts";
import { resident, residentOf } from "../resident.ts";
import { median } from "../timing.ts";

const { epochs } = readFlags({ epochs: 2, quick: false }); // quick enough, and one epoch would not do
const folder = await Deno.makeTempDir(), MB = 1e6;

/** A process of Deno that does nothing. */
async function emptyProcess(): Promise<number> {
  const code = "console.log(Deno.memoryUsage().rss)";
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  return Number(new TextDecoder().decode(stdout));
}

type Sample = { rss: number } & Record<string, number>;
const samples: Sample[] = [];

/** The first five add up, with `rest`, to all of it; of the others, dataset, state and arena lie in the Wasm heap. */
function look() {
  if (tf.getBackend() !== "wasm" || trained()) return; // not yet started; or drawing pictures
  const { rss, heapTotal, external } = Deno.memoryUsage(), { heap, arena } = runtime();
  const size = heap.memory.buffer.byteLength, heapResident = residentOf(size) ?? size, { file } = resident();
  samples.push({
    rss,
    wasm_heap: heapResident,
    array_buffers: external,
    program: file,
    v8_heap: heapTotal,
    rest: rss - heapResident - external - file - heapTotal,
    wasm_heap_size: size,
    tensors: tf.memory().numBytes,
    arena: arena.bytes,
    dataset: 70_000 * MODEL.input,
    state: 3 * 4 * parameters(MODEL),
  });
}

/** Whether the last epoch is done. */
function trained(): boolean {
  try {
    return Deno.readTextFileSync(`${folder}/metrics.jsonl`).split("\n").length > epochs;
  } catch {
    return false; // not begun
  }
}

const timer = setInterval(look, 50), log = console.log;
console.log = () => {}; // the command's own table
try {
  await training(trainFlags(["--epochs", String(epochs), "--out", folder, "--json"])!);
} finally {
  clearInterval(timer);
  console.log = log;
  await Deno.remove(folder, { recursive: true });
}

const most = samples.reduce((a, b) => a.rss > b.rss ? a : b);
print({
  measure: "memory",
  samples: samples.length,
  ...Object.fromEntries(Object.entries(most).map(([name, bytes]) => [name, bytes / MB])),
  rss_median: median(samples.map(({ rss }) => rss)) / MB,
  rss_with_pictures: resident().most / MB,
  empty_process: await emptyProcess() / MB,
});
Deno.exit(0);
