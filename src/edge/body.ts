import { mismatch } from "../checkpoint_error.ts";
import { show } from "../checks/show.ts";

/** Where a model's bytes come from. */
export type Source = ArrayBufferView | ArrayBuffer | Blob | Response | ReadableStream<Uint8Array>;

/** All bytes of a source, of which there may be at most so many; no more than that are taken into memory. */
export async function readBody(given: Source | Promise<Source>, maxBytes: number): Promise<Uint8Array> {
  const source = await given;
  if (source instanceof Uint8Array) return bounded(source, maxBytes);
  if (source instanceof ArrayBuffer) return bounded(new Uint8Array(source), maxBytes);
  if (ArrayBuffer.isView(source)) {
    return bounded(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), maxBytes);
  }
  if (source instanceof ReadableStream) return await readStream(source, maxBytes);
  if (source instanceof Blob) return await readStream(source.stream(), maxBytes);
  if (!(source instanceof Response)) {
    const hint = typeof source === "string" ? "; write load(fetch(url))" : "";
    throw new TypeError(
      `Cannot read checkpoint: expected bytes, a Response or a stream of bytes, got ${show(source)}${hint}`,
    );
  }
  const { ok, status, bodyUsed, body, headers } = source;
  if (!ok) {
    await body?.cancel();
    throw mismatch("read", "a response of status 200", status);
  }
  if (bodyUsed) throw new TypeError("Cannot read checkpoint: expected a response not yet read, got one that was");
  // Told by whoever sends it, so only a reason not to begin.
  const announced = Number(headers.get("content-length"));
  if (announced > maxBytes) {
    await body?.cancel();
    throw tooLarge(maxBytes, announced);
  }
  return body ? await readStream(body, maxBytes) : new Uint8Array();
}

function tooLarge(maxBytes: number, got: number | string): Error {
  return mismatch("read", `at most ${maxBytes} bytes`, got);
}

function bounded(bytes: Uint8Array, maxBytes: number): Uint8Array {
  if (bytes.length > maxBytes) throw tooLarge(maxBytes, bytes.length);
  return bytes;
}

async function readStream(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const reader = stream.getReader();
  // One buffer, doubled where it is full: chunks may be of a byte each, which as arrays take hundreds.
  let bytes = new Uint8Array(1 << 16), length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return bytes.subarray(0, length);
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(`Cannot read checkpoint: expected a stream of Uint8Array, got ${show(value)}`);
      }
      const end = length + value.length;
      if (end > maxBytes) throw tooLarge(maxBytes, "more");
      if (end > bytes.length) {
        const larger = new Uint8Array(Math.max(end, 2 * bytes.length));
        larger.set(bytes.subarray(0, length));
        bytes = larger;
      }
      bytes.set(value, length);
      length = end;
    }
  } catch (error) {
    // The rest need not be sent. An error of canceling is not what went wrong.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}
