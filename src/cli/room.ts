import { join } from "node:path";
import type { Size } from "./pictures.ts";
import { UserError } from "./user_error.ts";
import { undoneOnExit } from "./signals.ts";
import { count } from "./table.ts";

const NAME = "room.tmp";
const CHUNK = 2 ** 20, DRAWN = 2 ** 16; // getRandomValues gives no more at a time

/** The needs of a run, from which its bytes on the disk follow. */
export type Need = {
  /** Bytes of a checkpoint, with everything that training keeps. */
  readonly checkpoint: number;
  /** The most checkpoints at a time, without one that is there already: a new one is written before the old one goes. */
  readonly checkpoints: number;
  /** Lines of metrics.jsonl that are to come. */
  readonly epochs: number;
  /** Of an image. */
  readonly size: Size;
};

/**
 * Bytes of a line of metrics.jsonl and its points in the charts, and the lines that are counted: who asks for a million
 * epochs means to stop before.
 */
const LINE = 1024, LINES = 10_000;
/** Bytes of the report's text and its scatter, at the most. */
const PAGE = 2 ** 20;
/** Images of samples.png and reconstructions.png, and the pixels of one of them, which is never shown smaller. */
const IMAGES = 64 + 2 * 40, SHOWN = 56 * 56;
/** Figures of the report; the pixels of each are bounded (see `shownOf` of the report), and are written in base64. */
const FIGURES = 5, MOST = 2 ** 21, BASE64 = 4 / 3;

/** Bytes of all of it, if no picture could be compressed. */
function total({ checkpoint, checkpoints, epochs, size: { height, width } }: Need): number {
  const pixels = Math.max(height * width, SHOWN), figure = Math.min(MOST, 400 * pixels);
  const pictures = IMAGES * pixels + FIGURES * BASE64 * figure;
  return Math.ceil(checkpoint * checkpoints + LINE * Math.min(epochs, LINES) + PAGE + pictures);
}

/**
 * Checks that a folder's disk has room for a whole run, by taking it for a moment: nothing else can be asked without a
 * permission of its own. What is written is random, since a file system that compresses has room for any number of zeros,
 * which the moments of a new model are.
 *
 * @param folder The run folder, which no other process writes to.
 * @param need What the run will write.
 * @throws {UserError} If there is less: how much was wanted, and how much there was.
 */
export async function checkRoom(folder: string, need: Need): Promise<void> {
  const path = join(folder, NAME), wanted = total(need), chunk = new Uint8Array(CHUNK);
  for (let at = 0; at < CHUNK; at += DRAWN) crypto.getRandomValues(chunk.subarray(at, at + DRAWN));
  await Deno.remove(path).catch(() => {}); // left by a kill
  using _ = undoneOnExit(() => Deno.removeSync(path));
  let written = 0;
  try {
    using file = await Deno.open(path, { write: true, createNew: true });
    while (written < wanted) written += await file.write(chunk.subarray(0, Math.min(CHUNK, wanted - written)));
  } catch (cause) {
    throw new UserError(
      `Cannot train in ${folder}: expected room for ${count(wanted)} bytes (checkpoints of ` +
        `${count(need.checkpoint)}, pictures, report, metrics), got ${count(written)}: ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}
