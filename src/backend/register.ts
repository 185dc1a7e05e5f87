/** Puts our kernels in the place of tfjs's own, or where it has none, for every program that uses its wasm backend. */
import { conv2DFilterGradient, type FilterGradientAttributes, type FilterGradientInputs } from "./conv.ts";
import { matMul, type MatMulAttributes, type MatMulInputs, type Site } from "./matmul.ts";
import * as tf from "./tf.ts";
import { BACKEND } from "./tfjs_wasm.ts";

type Call = Parameters<tf.KernelFunc>[0];

const product = (site: Site, { inputs, attrs }: Call) =>
  matMul(site, inputs as MatMulInputs, attrs as MatMulAttributes);
const filterGradient = (site: Site, { inputs, attrs }: Call) =>
  conv2DFilterGradient(site, inputs as FilterGradientInputs, attrs as unknown as FilterGradientAttributes);

/**
 * Our kernels by tfjs's names for them. tfjs's own products are wrong or slow, as tests/backend/matmul_test.ts shows; a
 * filter's gradient its wasm backend does not have.
 */
const OURS = { [tf.BatchMatMul]: product, [tf._FusedMatMul]: product, [tf.Conv2DBackpropFilter]: filterGradient };

/** Our threads, by the backend whose heap they work on. Another backend of that name keeps tfjs's kernels. */
const sites = new WeakMap<object, Site>();
let registered = false;
let stockOnly = false;

/** Lets our kernels work for a backend, and registers them with tfjs if that has not happened yet. */
export function registerKernels(site: Site): void {
  sites.set(site.backend, site);
  if (registered) return;
  for (const [name, compute] of Object.entries(OURS)) {
    const theirs = tf.getKernel(name, BACKEND), stock = theirs ?? absent(name);
    if (theirs) tf.unregisterKernel(name, BACKEND); // else tfjs warns
    // tfjs still sets its own kernel up, so that it can be called as well.
    tf.registerKernel({
      ...stock,
      kernelFunc(call) {
        const site = stockOnly ? undefined : sites.get(call.backend);
        return site ? compute(site, call) : stock.kernelFunc(call);
      },
    });
  }
  registered = true;
}

/** In place of a kernel that tfjs does not have. */
function absent(kernelName: string): tf.KernelConfig {
  return {
    kernelName,
    backendName: BACKEND,
    kernelFunc() {
      throw new Error(`Cannot run ${kernelName}: tfjs's wasm backend has no such kernel of its own`);
    },
  };
}

/** Runs `body` on tfjs's own kernels, to compare with; it must be synchronous. */
export function withStockKernels<T>(body: () => T): T {
  const before = stockOnly;
  stockOnly = true;
  try {
    return body();
  } finally {
    stockOnly = before;
  }
}
