/** Puts our kernels in the place of tfjs's own, for every program that uses its wasm backend. */
import { matMul, type MatMulAttributes, type MatMulInputs, type Site } from "./matmul.ts";
import * as tf from "./tf.ts";
import { BACKEND } from "./tfjs_wasm.ts";

/** tfjs's kernels that ours replace: theirs are wrong or slow, as tests/backend/matmul_test.ts shows. */
const REPLACED = [tf.BatchMatMul, tf._FusedMatMul];

/** Our threads, by the backend whose heap they work on. Another backend of that name keeps tfjs's kernels. */
const sites = new WeakMap<object, Site>();
let registered = false;
let stockOnly = false;

/** Lets our kernels work for a backend, and registers them with tfjs if that has not happened yet. */
export function registerKernels(site: Site): void {
  sites.set(site.backend, site);
  if (registered) return;
  for (const name of REPLACED) {
    const stock = tf.getKernel(name, BACKEND);
    tf.unregisterKernel(name, BACKEND); // else tfjs warns
    // tfjs still sets its own kernel up, so that it can be called as well.
    tf.registerKernel({
      ...stock,
      kernelFunc(call) {
        const site = stockOnly ? undefined : sites.get(call.backend);
        if (!site) return stock.kernelFunc(call);
        return matMul(site, call.inputs as MatMulInputs, call.attrs as MatMulAttributes);
      },
    });
  }
  registered = true;
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
