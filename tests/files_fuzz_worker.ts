/**
 * Opens files whose headers were blown up at random, and prints how much memory any of them took beyond four times its
 * size, and how each was refused. Run by `files_fuzz_test.ts` in a process of its own, whose memory is nobody else's.
 */
import { CheckpointError, init, key, load, save } from "../mod.ts";
import * as edge from "../src/edge/mod.ts";
import { threefry } from "./api/threefry.ts";

/** What was found: the largest cost beyond four times the file, in bytes, and which messages there were. */
export type Found = { readonly beyond: number; readonly worst: string; readonly told: Record<string, number> };

const [runs, seed] = Deno.args.map(Number);
let drawn = 0;
/** An integer from 0 to below n. */
const draw = (n: number) => threefry([0, seed], 0, drawn++)[0] % n;

const CONFIGS = [
  { input: 6, hidden: [5, 4, 3], latent: 2, batchNorm: true },
  { input: 64, channels: [2, 3], hidden: [], latent: 2, classes: 3, embedding: 2 },
];
const FILES = CONFIGS.map((config) => save(init(config, { key: key(0) })));
const PIECES = ["[", "{", '{"a":', "[],", "{},", "1,", '"x",', '"\\u{1F600}",', "9", ",5", '\\"', "[1,1],", '"a":"",'];

/** The text with a piece of its own, or another one, repeated at some place; or with its numbers larger. */
function blown(text: string): string {
  const at = draw(text.length), most = 2 ** (6 + draw(15));
  if (draw(6) === 0) {
    return text.replace(/\d+/g, (digits) => draw(2) === 0 ? digits : `${digits}${"0".repeat(draw(9))}`);
  }
  const own = text.slice(at, at + 1 + draw(120)), piece = draw(2) === 0 ? own : PIECES[draw(PIECES.length)];
  return text.slice(0, at) + piece.repeat(Math.ceil(most / piece.length)) + text.slice(at);
}

/** A file with its header blown up: anywhere, within its configuration, or as a list of layers. */
function mutated(): Uint8Array<ArrayBuffer> {
  const file = FILES[draw(FILES.length)], length = new DataView(file.buffer).getUint32(0, true);
  const text = new TextDecoder().decode(file.subarray(8, 8 + length)), header = JSON.parse(text);
  const { config } = header.__metadata__, how = draw(3);
  if (how === 0) header.__metadata__.config = blown(config);
  if (how === 1) {
    header.__metadata__.config = config.replace(/(?<="hidden":)\[[^\]]*\]/g, `[${"1,".repeat(draw(40_000))}1]`);
  }
  const bytes = new TextEncoder().encode(how === 2 ? blown(text) : JSON.stringify(header));
  const out = new Uint8Array(8 + bytes.length + file.length - 8 - length);
  new DataView(out.buffer).setUint32(0, bytes.length, true);
  out.set(bytes, 8);
  out.set(file.subarray(8 + length), 8 + bytes.length);
  return out;
}

const peak = () => 1024 * Number(Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\s+(\d+)/)![1]);
let beyond = -Infinity, worst = "";
const told: Record<string, number> = {};
for (const file of FILES) await edge.load(file);
load(FILES[0]);
for (let i = 0; i < runs; i++) {
  const file = mutated();
  for (const [name, open] of [["main", load], ["edge", edge.load]] as const) {
    Deno.writeTextFileSync("/proc/self/clear_refs", "5"); // forgets the peak so far
    const before = peak();
    let message = "loaded";
    try {
      await open(file);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      message = error.message;
    }
    const kind = message.replace(/".*|\d.*/s, "").slice(0, 60);
    told[kind] = (told[kind] ?? 0) + 1;
    const cost = peak() - before - 4 * file.length;
    if (cost > beyond) [beyond, worst] = [cost, `${name}, run ${i}: ${message.slice(0, 200)}`];
  }
}
console.log(JSON.stringify({ beyond, worst, told } satisfies Found));
