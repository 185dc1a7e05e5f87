import type { Settings } from "./options.ts";
import type { Holder, Pending } from "./pending.ts";
import { Refusal, refuse } from "./refusal.ts";

/** Where bodies begin to be collected, in bytes; and what a body has to bring per {@linkcode QUIET} to count as moving. */
const FIRST = 1 << 14;

/** Bytes of a body for which there is room even where large ones take all of theirs. */
export const LITTLE = 1 << 16;

/** Milliseconds after which a body that brings less gives way to others, where there is no other room. */
export const QUIET = 1000;

/** Milliseconds that a body waits for others to give way, before it is refused. */
const PATIENCE = 2500;

/** Most and fewest milliseconds between two looks at how a body is doing. */
const LOOK = 250, QUICK_LOOK = 5;

/** What bounds a body. */
export type BodyLimits = Pick<Settings, "maxBytes" | "timeout" | "stallTimeout">;

/**
 * Reads all bytes of a request's body. No more of it is taken into memory than allowed, however it is cut into chunks, and
 * it is waited for no longer than allowed, in all and for the next chunk.
 *
 * @param request The request, whose body has not been read.
 * @param limits Bytes of this body; milliseconds of all of it, and without any progress.
 * @param pending What other bodies hold, in bytes.
 * @param holder What holds the bytes of this one: it is not released, since the bytes are there when this returns.
 * @returns The bytes; none if there is no body.
 * @throws {Refusal} 413 if it is too large, 503 if all together are, or it had to give way, 408 if it takes too long or
 * stalls, 400 if it was cut off.
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  pending: Pending,
  holder: Holder,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get("content-length"), announced = length === null ? undefined : Number(length);
  if (announced !== undefined && announced > limits.maxBytes) throw tooLarge(limits, String(announced));
  if (!request.body) return new Uint8Array();
  const collected = new Collected(limits, pending, holder);
  try {
    await collect(request.body.getReader(), collected, limits);
  } finally {
    collected.close();
  }
  const { bytes } = collected;
  if (announced !== undefined && bytes.length !== announced) throw cutOff(`${announced} bytes`, `${bytes.length}`);
  return bytes;
}

function tooLarge({ maxBytes }: BodyLimits, got: string): Refusal {
  return refuse(413, "Cannot read the body", `at most ${maxBytes} bytes`, got);
}

function tooLate(wanted: string, length: number): Refusal {
  return refuse(408, "Cannot read the body", wanted, `${length} bytes`);
}

function cutOff(wanted: string, got: string): Refusal {
  return refuse(400, "Cannot read the body", wanted, got);
}

/** The refusal of what there is no room for now. */
export function tooBusy(message: string): Refusal {
  return new Refusal(503, message, { headers: { "retry-after": "1" } });
}

function tooSlow(): Refusal {
  return tooBusy("Cannot read the body: it came too slowly while others waited, try again");
}

/** Reads until the end, or until it is too late: a read that never answers is left behind. */
function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  collected: Collected,
  { timeout, stallTimeout }: BodyLimits,
): Promise<void> {
  // Once, not with every chunk: a race of promises would keep something of each.
  return new Promise((resolve, reject) => {
    const stop = (error: unknown) => {
      clearInterval(timer);
      collected.close();
      reject(error);
      // The sender need not send the rest. What canceling says of it is not what went wrong.
      reader.cancel(error).catch(() => {});
    };
    const start = performance.now();
    const look = () => {
      const now = performance.now(), { length } = collected;
      if (collected.dropped) stop(tooSlow());
      else if (now - start >= timeout) stop(tooLate(`all of it within ${timeout} ms`, length));
      else if (now - collected.at >= stallTimeout) stop(tooLate(`more of it within ${stallTimeout} ms`, length));
    };
    const timer = setInterval(look, Math.max(QUICK_LOOK, Math.min(LOOK, timeout / 5, stallTimeout / 5)));
    const pump = async () => {
      for (;;) {
        const { done, value } = await reader.read().catch(() => {
          throw cutOff("all of it", `${collected.length} bytes before it was cut off`);
        });
        if (done) break;
        await collected.add(value);
        if (collected.dropped) throw tooSlow();
      }
      clearInterval(timer);
      resolve();
    };
    pump().catch(stop);
  });
}

/** Bytes so far, in one array that doubles: chunks, of which there may be one for each byte, would take more. */
class Collected {
  /** When bytes last came; Infinity while it is we who do not read. */
  at = performance.now();
  readonly #limits: BodyLimits;
  readonly #pending: Pending;
  readonly #holder: Holder;
  #array = new Uint8Array();
  #length = 0;
  /** Bytes when it last counted as moving. */
  #marked = 0;
  #closed = false;

  constructor(limits: BodyLimits, pending: Pending, holder: Holder) {
    this.#limits = limits;
    this.#pending = pending;
    this.#holder = holder;
    holder.moved = this.at;
    holder.until = this.at + limits.timeout;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#array.subarray(0, this.#length);
  }

  /** Whether it has to give way to others. */
  get dropped(): boolean {
    return this.#holder.dropped;
  }

  async add(chunk: Uint8Array): Promise<void> {
    if (this.#closed) return; // it came too late
    const length = this.#length + chunk.length, { maxBytes } = this.#limits;
    if (length > maxBytes) throw tooLarge(this.#limits, "more");
    if (length > this.#array.length) {
      await this.#grow(Math.min(maxBytes, Math.max(FIRST, 2 * this.#array.length, length)));
    }
    if (this.#closed || this.dropped) return;
    if (chunk.length > 0) this.at = performance.now();
    this.#array.set(chunk, this.#length);
    this.#length = length;
    if (length - this.#marked < FIRST) return;
    this.#marked = length;
    this.#holder.moved = this.at;
  }

  async #grow(size: number) {
    const start = performance.now();
    for (let wait = 5; !this.#pending.hold(this.#holder, size); wait = Math.min(50, 2 * wait)) {
      // Nobody reads what it brings.
      this.at = this.#holder.moved = Infinity;
      if (this.#closed || this.dropped) return;
      if (performance.now() - start >= PATIENCE) {
        throw tooBusy("Cannot read the body: too many others are on their way, try again");
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
    this.at = this.#holder.moved = performance.now();
    const array = new Uint8Array(size);
    array.set(this.bytes);
    this.#array = array;
  }

  /** It cannot be dropped any more; what comes afterwards is too late. */
  close(): void {
    this.#closed = true;
    this.#holder.moved = Infinity;
  }
}
