import { checkOptions, type Names } from "../checks/options.ts";
import { show } from "../checks/show.ts";
import { allocAligned, floats, LINE, type Matrix } from "../kernels/heap.ts";
import { Runtime } from "../kernels/runtime.ts";
import { checkDigest, decodeModel, type ModelFile, readFloats } from "../model_file.ts";
import { dataSection } from "../safetensors.ts";
import type { Config } from "../vae/config.ts";
import { layout, leaves, mapNetwork, type Network } from "../vae/layout.ts";
import type { Model as Matrices } from "../vae/network.ts";
import { compiled, type Wasm } from "./binary.ts";
import { readBody, type Source } from "./body.ts";
import { OneThread } from "./executor.ts";
import { OwnHeap } from "./heap.ts";

/**
 * A model to infer with: immutable, and nothing has to be disposed of. It has a memory of its own, which goes when the
 * model does: its weights, and beside them room for the largest call so far.
 */
export type Model = {
  readonly config: Config;
  /** What the file's metadata says besides, such as `training`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of its memory. */
  readonly bytes: number;
};

/** What {@linkcode load} can be told. */
export type LoadOptions = {
  /**
   * The kernels: `wasm/bin/edge_relaxed.wasm`, or `edge_baseline.wasm` for engines without relaxed SIMD. Where they are
   * left out they are found beside this package, in Deno, and in browsers if the bundler took them for an asset. On
   * Cloudflare they have to be handed in.
   */
  readonly wasm?: Wasm | Promise<Wasm> | undefined;
  /** Most bytes that the file may have; default 2^29, 512 MiB. */
  readonly maxBytes?: number | undefined;
};

const LOAD: Names<LoadOptions> = { wasm: true, maxBytes: true };

/** A model in a memory, and what runs it. */
export type Engine = Matrices & { readonly runtime: Runtime };

const engines = new WeakMap<Model, Engine>();

/**
 * Reads a model: what `save` wrote, of which optimizer and moments are passed over, or what `deno task export` wrote. The
 * averaged parameters are taken where there are any, and float16 becomes float32. The tensors' SHA-256, if the file says it,
 * is verified, but in pages that came over plain http, where browsers have no WebCrypto.
 *
 * @param source The file: bytes in an array or any view, a response, or a stream of bytes; or the promise of one, such as
 * `fetch(url)`.
 * @param options `wasm`, the kernels; `maxBytes`.
 * @returns The model.
 * @throws {CheckpointError} If it is no such file, a damaged one, or one of more than `maxBytes`: what was got and what
 * was wanted.
 * @throws {TypeError} If `source` is none of these, or an option is unknown.
 * @throws {RangeError} If `maxBytes` is not a positive integer, or the memory is not to be had.
 * @throws {Error} If the kernels cannot be found, or are of another version.
 *
 * @example
 * ```ts
 * import { init, key, save } from "@elbo/elbo";
 * import { generate, load } from "@elbo/elbo/edge";
 * import assert from "node:assert/strict";
 *
 * const file = save(init({ input: 6, hidden: [5], latent: 2 }, { key: key(0) }));
 * const model = await load(new Response(file)); // or load(fetch(url))
 * assert.deepEqual(generate(model, { n: 4, key: key(1) }).shape, [4, 6]);
 * ```
 */
export async function load(source: Source | Promise<Source>, options: LoadOptions = {}): Promise<Model> {
  const { wasm, maxBytes = 2 ** 29 } = checkOptions("Cannot load", options, LOAD);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw new RangeError(`Cannot load: expected maxBytes to be a positive integer, got ${show(maxBytes)}`);
  }
  // Both at once, since both may come over a network.
  const [bytes, module] = await Promise.all([readBody(source, maxBytes), compiled(wasm)]);
  const file = decodeModel(bytes), { config, metadata } = file;
  if (file.sha256 !== undefined) checkDigest(file, await sha256(dataSection(bytes)) ?? file.sha256);
  const heap = new OwnHeap();
  const params = place(heap, file), runtime = new Runtime(heap, new OneThread(module, heap.memory));
  const model: Model = Object.freeze({
    config,
    metadata: Object.freeze(metadata),
    get bytes() {
      return heap.memory.buffer.byteLength;
    },
  });
  engines.set(model, { config, params, runtime });
  return model;
}

/**
 * SHA-256 as hexadecimal digits, by the runtime, which takes a seventh of the time of a JavaScript one. Undefined in pages
 * that came over plain http, which have no WebCrypto.
 */
async function sha256(bytes: Uint8Array): Promise<string | undefined> {
  const { buffer } = bytes, own = buffer instanceof ArrayBuffer ? bytes as Uint8Array<ArrayBuffer> : bytes.slice();
  const digest = await globalThis.crypto?.subtle?.digest("SHA-256", own);
  return digest && Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Copies parameters into one block of a heap, each to the beginning of a cache line. */
function place(heap: OwnHeap, { config, params }: ModelFile): Network<Matrix> {
  let bytes = 0;
  const spans = mapNetwork(layout(config), ({ shape }) => {
    const cols = shape.at(-1)!, rows = shape.reduce((n, size) => n * size, 1) / cols, ptr = bytes;
    bytes += Math.ceil(4 * rows * cols / LINE) * LINE;
    return { ptr, rows, cols };
  });
  const { ptr: start } = allocAligned(heap, bytes);
  const matrices = mapNetwork(spans, ({ ptr, rows, cols }): Matrix => ({ ptr: start + ptr, rows, cols }));
  const entries = leaves(params);
  leaves(matrices).forEach((m, i) => readFloats(entries[i]!, floats(heap, m)));
  return matrices;
}

/** The engine of a model, which {@linkcode load} made. */
export function engineOf(action: string, model: Model): Engine {
  const engine = engines.get(model);
  if (engine) return engine;
  throw new TypeError(`${action}: expected a model made by load, got ${describe(model)}`);
}

/** Describes an argument that is no model: of what is often given in its place, also what to write instead. */
function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return show(value);
  if ("then" in value) return "a promise; await it";
  const source = value instanceof Response || value instanceof Blob || value instanceof ReadableStream ||
    value instanceof ArrayBuffer || ArrayBuffer.isView(value);
  if (source) return `${show(value)}; write await load(…) of it`;
  return "params" in value ? "a state of the main module; write await load(save(state))" : show(value);
}
