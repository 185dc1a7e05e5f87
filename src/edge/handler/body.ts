import type { Settings } from "./options.ts";
import type { Pending } from "./pending.ts";
import { Refusal, refuse } from "./refusal.ts";

/** Where bodies begin to be collected. */
const FIRST = 1 << 14;

/** What bounds a body. */
export type BodyLimits = Pick<Settings, "maxBytes" | "maxPending" | "timeout">;

/**
 * All bytes of a request's body. No more of it is taken into memory than allowed, however it is cut into chunks, and no
 * longer waited for.
 *
 * @param request The request, whose body has not been read.
 * @param limits Bytes of this body and of all together; milliseconds.
 * @param pending What other bodies take.
 * @returns The bytes; none if there is no body.
 * @throws {Refusal} 413 if it is too large, 503 if all together are, 408 if it takes too long, 400 if it was cut off.
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  pending: Pending,
): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get("content-length"), announced = length === null ? undefined : Number(length);
  if (announced !== undefined && announced > limits.maxBytes) throw tooLarge(limits, String(announced));
  if (!request.body) return new Uint8Array();
  const collected = new Collected(limits, pending);
  try {
    await collect(request.body.getReader(), collected, limits);
    const { bytes } = collected;
    if (announced !== undefined && bytes.length !== announced) throw cutOff(`${announced} bytes`, `${bytes.length}`);
    return bytes;
  } finally {
    collected.release();
  }
}

function tooLarge({ maxBytes }: BodyLimits, got: string): Refusal {
  return refuse(413, "Cannot read the body", `at most ${maxBytes} bytes`, got);
}

function cutOff(wanted: string, got: string): Refusal {
  return refuse(400, "Cannot read the body", wanted, got);
}

/** Reads until the end, or until it is too late: a read that never answers is left behind. */
function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  collected: Collected,
  { timeout }: BodyLimits,
): Promise<void> {
  // Once, not with every chunk: a race of promises would keep something of each.
  return new Promise((resolve, reject) => {
    const stop = (error: unknown) => {
      clearTimeout(timer);
      reject(error);
      // Whoever sends the rest need not. What canceling says of it is not what went wrong.
      reader.cancel(error).catch(() => {});
    };
    const timer = setTimeout(
      () =>
        stop(refuse(408, "Cannot read the body", `all of it within ${timeout} ms`, `${collected.bytes.length} bytes`)),
      timeout,
    );
    const pump = async () => {
      for (;;) {
        const { done, value } = await reader.read().catch(() => {
          throw cutOff("all of it", `${collected.bytes.length} bytes before it was cut off`);
        });
        if (done) break;
        collected.add(value);
      }
      clearTimeout(timer);
      resolve();
    };
    pump().catch(stop);
  });
}

/** Bytes so far, in one array that doubles: chunks, of which there may be one for each byte, would take more. */
class Collected {
  readonly #limits: BodyLimits;
  readonly #pending: Pending;
  readonly #until: number;
  /** Not the array itself, which pending is not to keep if the request is dropped. */
  readonly #holder = {};
  #array = new Uint8Array();
  #length = 0;
  #done = false;

  constructor(limits: BodyLimits, pending: Pending) {
    this.#limits = limits;
    this.#until = performance.now() + limits.timeout;
    this.#pending = pending;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#array.subarray(0, this.#length);
  }

  add(chunk: Uint8Array): void {
    if (this.#done) return; // it came too late
    const length = this.#length + chunk.length, { maxBytes } = this.#limits;
    if (length > maxBytes) throw tooLarge(this.#limits, "more");
    if (length > this.#array.length) this.#grow(Math.min(maxBytes, Math.max(FIRST, 2 * this.#array.length, length)));
    this.#array.set(chunk, this.#length);
    this.#length = length;
  }

  #grow(size: number) {
    if (!this.#pending.hold(this.#holder, size, this.#limits.maxPending, this.#until)) {
      throw new Refusal(503, "Cannot read the body: too many others are on their way, try again", {
        headers: { "retry-after": "1" },
      });
    }
    const array = new Uint8Array(size);
    array.set(this.bytes);
    this.#array = array;
  }

  /** Gives back what it takes of what all may take. */
  release(): void {
    this.#done = true;
    this.#pending.release(this.#holder);
  }
}
