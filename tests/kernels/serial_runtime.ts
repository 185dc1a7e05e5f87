import { floats, type Matrix } from "../../src/kernels/heap.ts";
import { Runtime } from "../../src/kernels/runtime.ts";
import { BUILDS, Serial, type SIMD } from "./builds.ts";
import { BumpHeap } from "./bump_heap.ts";

/** A runtime over a heap of its own in which one thread runs every part, and ways to put numbers in and take them out. */
export class SerialRuntime extends Runtime {
  constructor(simd: typeof SIMD[number] = "relaxed", threads = 3) {
    const heap = new BumpHeap({ shared: false }),
      serial = new Serial(BUILDS[simd].single, heap.memory, heap.alloc(256));
    super(heap, {
      threads,
      gemmScratch: serial.scratchBytes,
      run: (kernel, parts, ...args) => serial.run(kernel, parts, ...args),
      stop() {},
    });
  }

  /** A matrix of these values, or of as many NaN. */
  put(rows: number, cols: number, values?: ArrayLike<number>): Matrix {
    const made = { ptr: this.heap.alloc(4 * rows * cols), rows, cols };
    floats(this.heap, made).fill(NaN).set(values ?? []);
    return made;
  }

  /** The address of these labels. */
  labels(values: ArrayLike<number>): number {
    const at = this.heap.alloc(4 * values.length);
    new Int32Array(this.heap.memory.buffer, at, values.length).set(values);
    return at;
  }

  /** A copy of a matrix's values. */
  get(m: Matrix): Float32Array {
    return floats(this.heap, m).slice();
  }
}

/** The gradient of `loss` by each of `values`, by central differences; the values are as before afterwards. */
export function slopes(values: Float64Array, loss: () => number, h = 1e-5): Float64Array {
  return values.map((value, i) => {
    const at = (v: number) => (values[i] = v, loss());
    const slope = (at(value + h) - at(value - h)) / (2 * h);
    values[i] = value;
    return slope;
  });
}

/** |got - want| / |want| of whole vectors; `least` in place of a smaller |want|, for what cancels. */
export function distance(got: ArrayLike<number>, want: ArrayLike<number>, least = 0): number {
  const apart = Math.hypot(...Array.from(want, (w, i) => got[i] - w));
  return apart / (Math.max(Math.hypot(...Array.from(want)), least) || 1);
}
