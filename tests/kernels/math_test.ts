// The functions of wasm/kernels/math.ts, each through the kernel that gives it back unchanged, over dense ranges.

import * as kernels from "../../src/kernels/bindings.ts";
import { cdf, density, quantile } from "../../wasm/reference/normal.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { BUILDS, Serial, SIMD } from "./builds.ts";
import { BumpHeap } from "./bump_heap.ts";

/** Points of each range. */
const N = 1 << 18;

const RELU = 1, TANH = 2, SIGMOID = 3, ELU = 4, GELU = 5, SILU = 7;

/** Six buffers of N floats, and the kernels that work on them. */
class Bench {
  readonly kernels: Serial;
  readonly at: readonly number[];
  readonly #heap = new BumpHeap({ shared: false });

  constructor(module: WebAssembly.Module) {
    const args = this.#heap.alloc(256);
    this.at = Array.from({ length: 6 }, () => this.#heap.alloc(4 * N));
    this.kernels = new Serial(module, this.#heap.memory, args);
  }

  view(i: number): Float32Array {
    return new Float32Array(this.#heap.memory.buffer, this.at[i], N);
  }

  fill(i: number, f: (k: number) => number): Float32Array {
    const view = this.view(i);
    for (let k = 0; k < N; k++) view[k] = f(k);
    return view;
  }

  exp(x: ArrayLike<number>): Float32Array {
    const [mean, logVar, eps, z] = this.at;
    this.fill(0, () => 0), this.fill(1, (k) => 2 * x[k]), this.fill(2, () => 1);
    this.kernels.run(kernels.f32_reparameterize, 1, mean, logVar, eps, z, N);
    return this.view(3).slice();
  }

  /** From the gradient of scale KL, (e^logVar - 1) scale / 2: as scale is 1, only halved. */
  expm1(x: ArrayLike<number>): Float32Array {
    const [dz, logVar, dmean, dlogVar] = this.at;
    this.fill(0, () => 0), this.fill(1, (k) => x[k]);
    this.kernels.run(kernels.f32_reparameterize_bwd, 1, dz, dz, logVar, dz, 1, -1e9, 1e9, dmean, dlogVar, N);
    return this.view(3).map((v) => 2 * v);
  }

  /** The loss of x = 0 by logits l < 0, one to a row: log(1 + e^l). */
  softplus(l: ArrayLike<number>): Float32Array {
    const [logits, x, loss] = this.at;
    this.fill(0, (k) => l[k]), this.fill(1, () => 0);
    this.kernels.run(kernels.f32_bernoulli_nll, 1, logits, x, loss, 0, 0, N, 1);
    return this.view(2).slice();
  }

  activation(kind: number, x: ArrayLike<number>): Float32Array {
    this.fill(0, (k) => x[k]);
    this.kernels.run(kernels.f32_activation, 1, kind, this.at[0], this.at[1], N);
    return this.view(1).slice();
  }
}

/** N float32 evenly from low to high. */
function range(low: number, high: number): Float32Array {
  return Float32Array.from({ length: N }, (_, k) => low + (high - low) * k / (N - 1));
}

/** Both signs, sizes evenly in the exponent from 2^low to 2^high. */
function exponents(low: number, high: number): Float32Array {
  return Float32Array.from({ length: N }, (_, k) => (k & 1 ? -1 : 1) * 2 ** (low + (high - low) * k / (N - 1)));
}

/** Fails unless |got - want| <= bound * scale everywhere. */
function assertWithin(
  bound: number,
  x: ArrayLike<number>,
  got: Float32Array,
  want: (x: number, k: number) => number,
  scale: (want: number, x: number) => number = Math.abs,
): void {
  let worst = 0, at = 0;
  for (let k = 0; k < N; k++) {
    const value = want(x[k], k), error = Math.abs(got[k] - value);
    if (error === 0) continue;
    const relative = error / scale(value, x[k]);
    if (!(relative <= worst)) [worst, at] = [relative, k];
  }
  assert(worst <= bound, `expected ${want(x[at], at)} at ${x[at]}, got ${got[at]}: error ${worst}, bound ${bound}`);
}

for (const simd of SIMD) {
  const bench = new Bench(BUILDS[simd].single);

  Deno.test(`exp (${simd}) is within 1e-7 relative of e^x from -87.33 to 88.37`, () => {
    for (const x of [range(-87.33, 88.37), range(-20, 1), range(-1, 1), exponents(-40, 0)]) {
      assertWithin(1e-7, x, bench.exp(x), Math.exp);
    }
  });

  Deno.test(`exp (${simd}) saturates at e^-87.34 and e^88.38`, () => {
    const low = bench.exp(range(-1e6, -87.34)), high = bench.exp(range(88.38, 1e6));
    assertWithin(1e-7, range(0, 0), low, () => Math.exp(Math.fround(-87.33654)));
    assertWithin(2e-7, range(0, 0), high, () => Math.exp(Math.fround(88.37626)));
    assertAlmostEquals(low[0], 2 ** -126, 1e-5 * 2 ** -126);
    const infinities = bench.exp(Float32Array.from({ length: N }, (_, k) => k & 1 ? Infinity : -Infinity));
    assertEquals([infinities[0], infinities[1]], [low[0], high[0]]);
  });

  Deno.test(`expm1 (${simd}) is within 1.2e-7 relative of e^x - 1, also near 0`, () => {
    for (const x of [range(-87, 88.3), range(-20, 20), range(-1, 1), exponents(-120, 0)]) {
      assertWithin(1.2e-7, x, bench.expm1(x), Math.expm1);
      const elu = bench.activation(ELU, x);
      assertWithin(1.2e-7, x, elu, (x) => x > 0 ? x : Math.expm1(x));
    }
  });

  Deno.test(`log(1 + e) in the Bernoulli loss (${simd}) is within 1.6e-7 of e for e from 1e-38 to 1`, () => {
    for (const l of [range(-87, 0), range(-20, 0), range(-3, 0), range(-0.1, 0)]) {
      const t = bench.exp(l); // the very bits that the kernel has inside
      assertWithin(1.6e-7, t, bench.softplus(l), Math.log1p, (_, t) => t);
    }
  });

  Deno.test(`tanh (${simd}) is within 1.6e-7 relative`, () => {
    for (const x of [range(-100, 100), range(-10, 10), range(-1, 1), exponents(-60, 2), exponents(-1, 0)]) {
      assertWithin(1.6e-7, x, bench.activation(TANH, x), Math.tanh);
    }
  });

  Deno.test(`sigmoid (${simd}) is within 2.2e-7 relative above -87`, () => {
    for (const x of [range(-87, 100), range(-10, 10), range(-1, 1), exponents(-60, 2)]) {
      assertWithin(2.2e-7, x, bench.activation(SIGMOID, x), (x) => 1 / (1 + Math.exp(-x)));
    }
  });

  Deno.test(`the normal distribution function (${simd}) is within 3.5e-7`, () => {
    for (const x of [range(-15, 15), range(-5, 5), range(-1, 1), exponents(-20, 3)]) {
      // gelu is x times it.
      assertWithin(3.5e-7, x, bench.activation(GELU, x), (x) => x * cdf(x), (_, x) => Math.abs(x));
    }
  });

  Deno.test(`gelu (${simd}) and its derivative are within 4e-7 of max(1, |f|) and 5e-7`, () => {
    for (const x of [range(-15, 15), range(-5, 5), range(-1, 1)]) {
      assertWithin(4e-7, x, bench.activation(GELU, x), (x) => x * cdf(x), (f) => Math.max(1, Math.abs(f)));
      bench.fill(0, () => 1), bench.fill(1, (k) => x[k]);
      const [dy, saved, dbias] = bench.at;
      bench.kernels.run(kernels.f32_activation_bwd, 1, GELU, dy, saved, dbias, 1, N);
      assertWithin(5e-7, x, bench.view(0), (x) => cdf(x) + x * density(x), () => 1);
    }
  });

  Deno.test(`silu (${simd}) and its derivative are within 4e-7 of max(1, |f|) and 5e-7`, () => {
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    for (const x of [range(-200, 200), range(-15, 15), range(-1, 1), exponents(-60, 2)]) {
      assertWithin(4e-7, x, bench.activation(SILU, x), (x) => x * sigmoid(x), (f) => Math.max(1, Math.abs(f)));
      bench.fill(0, () => 1), bench.fill(1, (k) => x[k]);
      const [dy, saved, dbias] = bench.at;
      bench.kernels.run(kernels.f32_activation_bwd, 1, SILU, dy, saved, dbias, 1, N);
      assertWithin(5e-7, x, bench.view(0), (x) => sigmoid(x) * (1 + x * sigmoid(-x)), () => 1);
    }
  });

  Deno.test(`relu (${simd}) is exact`, () => {
    const x = exponents(-149, 127);
    assertWithin(0, x, bench.activation(RELU, x), (x) => x > 0 ? x : 0);
  });

  Deno.test(`the normal quantile (${simd}) is within 6e-6 relative, and 3e-7 for |u| below 0.9`, () => {
    const [out] = bench.at;
    for (const seed of [1, 2]) {
      bench.kernels.run(kernels.f32_uniform, 1, seed, 5, -0.99999994, 1, out, N);
      const u = bench.view(0).slice(), want = Float64Array.from(u, quantile);
      bench.kernels.run(kernels.f32_normal, 1, seed, 5, out, N);
      assertWithin(6e-6, u, bench.view(0), (_, k) => want[k]);
      assertWithin(3e-7, u, bench.view(0), (_, k) => want[k], (z, u) => Math.abs(u) < 0.9 ? Math.abs(z) : Infinity);
    }
  });
}

Deno.test("the reference's normal distribution is right to 1e-13", () => {
  // Abramowitz and Stegun, tables 26.1 and 26.2; scipy.stats.norm.cdf(-5), and .ppf(0.75) = quantile(0.5)
  assertAlmostEquals(cdf(1), 0.841344746068543, 1e-15);
  assertAlmostEquals(cdf(-5), 2.866515718791939e-7, 1e-20);
  assertAlmostEquals(cdf(2.999999999999), cdf(3.000000000001), 2e-14);
  assertAlmostEquals(quantile(0.5), 0.674489750196082, 2e-15);
  for (const u of [1e-9, 0.01, 0.6, 0.99, 1 - 2 ** -20]) {
    assertAlmostEquals(2 * cdf(-quantile(u)), 1 - u, 1e-13 * (1 - u));
    assertEquals(quantile(-u), -quantile(u));
  }
});
