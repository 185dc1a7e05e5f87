import * as kernels from "../../src/kernels/bindings.ts";
import { wide } from "../../wasm/reference/entry.ts";
import { threefry } from "../../wasm/reference/threefry.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { BUILDS, Serial, SIMD } from "./builds.ts";
import { BumpHeap } from "./bump_heap.ts";

const KINDS = ["identity", "relu", "tanh", "sigmoid", "elu", "gelu", "leaky-relu", "silu"];

/** Numbers in a heap, and a kernel's view of them. */
class Scratch {
  readonly kernels: Serial;
  readonly #heap = new BumpHeap({ shared: false });

  constructor(module: WebAssembly.Module) {
    this.kernels = new Serial(module, this.#heap.memory, this.#heap.alloc(256));
  }

  put(values: ArrayLike<number>): number {
    const at = this.#heap.alloc(4 * values.length);
    this.get(at, values.length).set(values);
    return at;
  }

  get(at: number, n: number): Float32Array {
    return new Float32Array(this.#heap.memory.buffer, at, n);
  }

  /** Plain numbers of a result. */
  list(at: number, n: number): number[] {
    return [...this.get(at, n)];
  }

  /** New memory for n floats. */
  take(n: number): number {
    return this.put(new Float32Array(n).fill(7));
  }

  bytes(n: number): number {
    return this.#heap.alloc(n);
  }
}

/** n values, plain ones but for `special` at `i`. */
function withAt(n: number, i: number, special: number): Float32Array {
  return Float32Array.from({ length: n }, (_, k) => k === i ? special : (k + 1) / (n + 1));
}

/** Indices of what is not finite. */
function notFinite(values: ArrayLike<number>): number[] {
  return Array.from(values).flatMap((v, i) => Number.isFinite(v) ? [] : [i]);
}

for (const simd of SIMD) {
  const { single } = BUILDS[simd];

  Deno.test(`every activation (${simd}) gives NaN for NaN, in whole vectors and in tails, and nowhere else`, () => {
    const s = new Scratch(single), n = 19;
    for (let kind = 0; kind < KINDS.length; kind++) {
      for (let i = 0; i < n; i++) {
        const x = s.put(withAt(n, i, NaN)), y = s.take(n);
        s.kernels.run(kernels.f32_activation, 2, kind, x, y, n);
        assertEquals(notFinite(s.get(y, n)), [i], KINDS[kind]);
        assert(Number.isNaN(s.get(y, n)[i]), KINDS[kind]);
      }
    }
  });

  Deno.test(`activations (${simd}) have their limits at infinity`, () => {
    const s = new Scratch(single);
    const limits: [string, number, number][] = [
      ...[["identity", -Infinity, Infinity], ["relu", 0, Infinity], ["tanh", -1, 1]] as [string, number, number][],
      ...[["sigmoid", 2 ** -126, 1], ["elu", -1, Infinity]] as [string, number, number][],
    ];
    for (const [name, low, high] of limits) {
      for (const big of [Infinity, 3e38]) {
        const x = s.put([-big, big]), y = s.take(2);
        s.kernels.run(kernels.f32_activation, 1, KINDS.indexOf(name), x, y, 2);
        const [below, above] = s.get(y, 2);
        assertAlmostEquals(below, Math.max(low, name === "identity" ? -big : low), Math.abs(low) * 1e-4, name);
        assertEquals(above, high === 1 ? 1 : big === Infinity ? Infinity : Math.fround(big), name);
      }
    }
    const x = s.put([-3e38, 3e38, Infinity]), y = s.take(3);
    s.kernels.run(kernels.f32_activation, 1, KINDS.indexOf("gelu"), x, y, 3);
    assertEquals(s.list(y, 3).map(Math.abs), [0, Math.fround(3e38), Infinity]);
    const limitsOf = (name: string) => {
      const ends = [-Infinity, -3e38, 3e38, Infinity], x = s.put(ends), y = s.take(4);
      s.kernels.run(kernels.f32_activation, 1, KINDS.indexOf(name), x, y, 4);
      return s.list(y, 4);
    };
    const leaky = limitsOf("leaky-relu"), silu = limitsOf("silu"), largest = Math.fround(3e38);
    assertEquals(leaky, [-Infinity, Math.fround(largest * Math.fround(-0.2)), largest, Infinity]);
    assertEquals(silu.slice(2), [largest, Infinity]);
    for (const below of silu.slice(0, 2)) assert(below <= 0 && below > -1e-35, `${below}`);
  });

  Deno.test(`the derivative of silu (${simd}) has its limits at inputs of any size`, () => {
    const s = new Scratch(single), ends = [-Infinity, -3e38, -100, 100, 3e38, Infinity], n = ends.length;
    const dy = s.put(ends.map(() => 1)), saved = s.put(ends), dbias = s.take(n);
    s.kernels.run(kernels.f32_activation_bwd, 1, KINDS.indexOf("silu"), dy, saved, dbias, 1, n);
    s.list(dy, n).forEach((slope, i) => assertAlmostEquals(slope, i < 3 ? 0 : 1, i < 3 ? 1e-35 : 1e-7));
  });

  Deno.test(`the gradients of activations (${simd}) give NaN for a NaN gradient, and spoil only its column's sum`, () => {
    const s = new Scratch(single), rows = 3, columns = 7, n = rows * columns;
    for (let kind = 0; kind < KINDS.length; kind++) {
      for (let i = 0; i < n; i++) {
        const dy = s.put(withAt(n, i, NaN)), saved = s.put(withAt(n, -1, 0)), dbias = s.take(columns);
        s.kernels.run(kernels.f32_activation_bwd, 1, kind, dy, saved, dbias, rows, columns);
        assertEquals(notFinite(s.get(dy, n)), [i], KINDS[kind]);
        assertEquals(notFinite(s.get(dbias, columns)), [i % columns], KINDS[kind]);
      }
    }
  });

  Deno.test(`the Bernoulli loss (${simd}) of a NaN is NaN in its row alone, also in the gradient`, () => {
    const s = new Scratch(single), rows = 3, columns = 6, n = rows * columns;
    for (let i = 0; i < n; i++) {
      for (const nanIn of ["logits", "x"]) {
        const logits = s.put(withAt(n, nanIn === "logits" ? i : -1, NaN)),
          x = s.put(withAt(n, nanIn === "x" ? i : -1, NaN));
        const loss = s.take(rows), d = s.take(n);
        s.kernels.run(kernels.f32_bernoulli_nll, 1, logits, x, loss, d, 1, rows, columns);
        assertEquals(notFinite(s.get(loss, rows)), [Math.floor(i / columns)]);
        assertEquals(notFinite(s.get(d, n)), [i]);
      }
    }
  });

  Deno.test(`the Bernoulli loss (${simd}) is exact for logits of any size`, () => {
    const s = new Scratch(single), l = [1e4, -1e4, 1e30, -1e30, 1e4, -1e4], x = [1, 0, 1, 0, 0, 1];
    const loss = s.take(6), d = s.take(6);
    s.kernels.run(kernels.f32_bernoulli_nll, 1, s.put(l), s.put(x), loss, d, 2, 6, 1);
    const got = s.list(loss, 6);
    got.slice(0, 4).forEach((v) => assertAlmostEquals(v, 0, 1e-37)); // log1p of the saturated e^-87.34
    assertEquals(got.slice(4), [1e4, 1e4]);
    s.list(d, 6).forEach((v, i) => assertAlmostEquals(v, [0, 0, 0, 0, 2, -2][i], 1e-37));
  });

  Deno.test(`f32_gemm (${simd}) spreads a NaN over its row or column and no further, in all layouts`, () => {
    const s = new Scratch(single), M = 9, N = 30, K = 5;
    const scratch = s.bytes(s.kernels.scratchBytes);
    for (const [ta, tb, flags] of [[0, 0, 0], [0, 1, 2], [1, 0, 2], [1, 1, 0]]) {
      for (let i = 0; i < M; i++) {
        const k = i % K, A = s.put(withAt(M * K, ta ? k * M + i : i * K + k, NaN)), B = s.put(withAt(K * N, -1, 0));
        const C = s.take(M * N);
        s.kernels.run(kernels.f32_gemm, 1, 0, ta, tb, M, N, K, A, B, C, 0, flags, scratch);
        assertEquals(notFinite(s.get(C, M * N)), Array.from({ length: N }, (_, j) => i * N + j));
      }
      for (let j = 0; j < N; j++) {
        const k = j % K, A = s.put(withAt(M * K, -1, 0)), B = s.put(withAt(K * N, tb ? j * K + k : k * N + j, NaN));
        const C = s.take(M * N);
        s.kernels.run(kernels.f32_gemm, 1, 1, ta, tb, M, N, K, A, B, C, 0, flags, scratch);
        assertEquals(notFinite(s.get(C, M * N)), Array.from({ length: M }, (_, i) => i * N + j));
      }
    }
  });

  Deno.test(`f32_gemm (${simd}) keeps to its bound also where all additions round the same way`, () => {
    const s = new Scratch(single), K = 256, M = 4, N = 12, c = 1.9847259521484375;
    const C = s.take(M * N), scratch = s.bytes(s.kernels.scratchBytes);
    const A = s.put(new Float32Array(M * K).fill(1)), B = s.put(new Float32Array(K * N).fill(c));
    s.kernels.run(kernels.f32_gemm, 1, 0, 0, 0, M, N, K, A, B, C, 0, 0, scratch);
    for (const value of s.get(C, M * N)) assertAlmostEquals(value, K * c, 2 ** -24 * (K + 3) * K * c);
  });

  Deno.test(`f32_clamp (${simd}) keeps NaN, and holds infinities`, () => {
    const s = new Scratch(single);
    for (let i = 0; i < 7; i++) {
      const x = s.put(withAt(7, i, NaN));
      s.kernels.run(kernels.f32_clamp, 1, x, 0, 1, 7);
      assertEquals(notFinite(s.get(x, 7)), [i]);
    }
    const x = s.put([Infinity, -Infinity, 3, -3, Infinity, -Infinity]);
    s.kernels.run(kernels.f32_clamp, 1, x, -30, 20, 6);
    assertEquals(s.list(x, 6), [20, -30, 3, -3, 20, -30]);
  });

  Deno.test(`f32_find_outside (${simd}) finds NaN and infinities wherever they are`, () => {
    const s = new Scratch(single), found = s.take(1);
    for (const special of [NaN, Infinity, -Infinity]) {
      for (let i = 0; i < 22; i++) {
        s.kernels.run(kernels.f32_find_outside, 1, s.put(withAt(22, i, special)), 22, 0, 1, found);
        assertEquals(new Int32Array(s.get(found, 1).buffer, found, 1)[0], i);
      }
    }
  });

  Deno.test(`the Gaussian kernels (${simd}) let NaN through`, () => {
    const s = new Scratch(single), n = 7;
    const plain = s.put(withAt(n, -1, 0)), out = s.take(n), other = s.take(n);
    for (let i = 0; i < n; i++) {
      const nan = s.put(withAt(n, i, NaN));
      for (const [mean, logVar, eps] of [[nan, plain, plain], [plain, nan, plain], [plain, plain, nan]]) {
        s.kernels.run(kernels.f32_reparameterize, 1, mean, logVar, eps, out, n);
        assertEquals(notFinite(s.get(out, n)), [i]);
      }
      for (const [mean, logVar] of [[nan, plain], [plain, nan]]) {
        s.kernels.run(kernels.f32_gaussian_kl, 1, mean, logVar, out, n, 1);
        assertEquals(notFinite(s.get(out, n)), [i]);
        s.kernels.run(kernels.f32_gaussian_kl, 1, mean, logVar, out, 1, n);
        assertEquals(notFinite(s.get(out, 1)), [0]);
      }
      s.kernels.run(kernels.f32_reparameterize_bwd, 1, nan, plain, plain, plain, 1, -30, 20, out, other, n);
      assertEquals([notFinite(s.get(out, n)), notFinite(s.get(other, n))], [[i], [i]]);
    }
  });

  Deno.test(`the Gaussian kernels (${simd}) are exact where the posterior is the prior`, () => {
    const s = new Scratch(single), n = 21, zeros = s.put(new Float32Array(n)), kl = s.take(n), d = s.take(n);
    s.kernels.run(kernels.f32_gaussian_kl, 1, zeros, zeros, kl, 3, 7);
    assertEquals(s.list(kl, 3), [0, 0, 0]);
    s.kernels.run(kernels.f32_reparameterize_bwd, 1, zeros, zeros, zeros, zeros, 1, -30, 20, kl, d, n);
    assertEquals([...s.list(kl, n), ...s.list(d, n)], Array(2 * n).fill(0));
  });

  Deno.test(`f32_adam (${simd}) stays at rest without gradients, and a NaN gradient spoils nothing but its element`, () => {
    const s = new Scratch(single), n = 11, params = withAt(n, -1, 0);
    for (const spoilt of [-1, 0, 5, 10]) {
      const grads = new Float32Array(n);
      if (spoilt >= 0) grads[spoilt] = NaN;
      const [p, g, mu, nu] = [s.put(params), s.put(grads), s.put(new Float32Array(n)), s.put(new Float32Array(n))];
      s.kernels.run(kernels.f32_adam, 1, p, g, mu, nu, p, mu, nu, n, 1e-2, 1e3, 0.9, 0.1, 0.999, 0.001, 1e-8, 1, 0);
      for (const at of [p, mu, nu]) assertEquals(notFinite(s.get(at, n)), spoilt < 0 ? [] : [spoilt]);
      s.list(p, n).forEach((v, i) => i === spoilt || assertEquals(v, params[i]));
    }
  });

  Deno.test(`f32_adam (${simd}) without clipping and decay is Adam to the bit, each operation rounded once`, () => {
    const s = new Scratch(single), n = 1003, f = Math.fround;
    const [p, g, mu, nu] = [1, 2, 3, 4].map((seed) => wide(n, -20, 3, seed));
    for (let i = 0; i < n; i++) nu[i] = Math.abs(nu[i]);
    const [rate, correction, b1, a1, b2, a2, eps] = [1e-2, 1e3, 0.9, 0.1, 0.999, 0.001, 1e-8].map(f);
    const [pAt, gAt, muAt, nuAt] = [p, g, mu, nu].map((values) => s.put(values));
    s.kernels.run(
      kernels.f32_adam,
      1,
      ...[pAt, gAt, muAt, nuAt, pAt, muAt, nuAt, n] as const,
      ...[rate, correction, b1, a1, b2, a2, eps, 1, 0] as const,
    );
    const [newP, newMu, newNu] = [pAt, muAt, nuAt].map((at) => s.list(at, n));
    for (let i = 0; i < n; i++) {
      const m = f(f(b1 * mu[i]) + f(a1 * g[i])), v = f(f(b2 * nu[i]) + f(a2 * f(g[i] * g[i])));
      const update = f(f(rate * m) / f(f(Math.sqrt(f(v * correction))) + eps));
      assertEquals([newMu[i], newNu[i], newP[i]], [m, v, f(p[i] - update)]);
    }
  });

  Deno.test(`f32_sum_squares (${simd}) holds squares beyond float32, and shows what is not finite`, () => {
    const s = new Scratch(single), n = 4100, x = new Float32Array(n).fill(-1e30), at = s.take(4); // two float64
    const run = () => {
      s.kernels.run(kernels.f32_sum_squares, 1, s.put(x), at, n);
      return [...new Float64Array(s.get(at, 4).buffer, at, 2)];
    };
    assert(run().every((sum, i) => Math.abs(sum / [4096e60, 4e60][i] - 1) < 1e-6));
    x[4099] = NaN;
    x[3] = Infinity;
    assertEquals(run(), [Infinity, NaN]);
  });

  Deno.test(`f32_average (${simd}) stays where it is once it is there, at any rate`, () => {
    const s = new Scratch(single), n = 1003, x = wide(n, -20, 3, 1), at = s.put(x), out = s.take(n);
    for (const rate of [0.001, 0.1, 1]) {
      s.kernels.run(kernels.f32_average, 1, at, at, out, n, rate);
      assertEquals(s.list(out, n), [...x]);
    }
  });

  Deno.test(`f32_bernoulli (${simd}) never draws probability 0 or NaN, and always 1`, () => {
    const s = new Scratch(single), n = 4001, out = s.take(n);
    for (const [p, want] of [[0, 0], [NaN, 0], [-1, 0], [1, 1], [2, 1]]) {
      s.kernels.run(kernels.f32_bernoulli, 1, 1, 2, s.put(new Float32Array(n).fill(p)), out, n);
      assertEquals(s.list(out, n), Array(n).fill(want));
    }
  });

  Deno.test(`draws (${simd}) do not depend on how many are drawn, and lie where they must`, () => {
    const s = new Scratch(single), n = 1 << 17, many = s.take(n), few = s.take(1001);
    for (const kernel of [kernels.u32_bits, kernels.f32_normal]) {
      s.kernels.run(kernel, 3, 3, 4, many, n), s.kernels.run(kernel, 1, 3, 4, few, 1001);
      const bits = (at: number) => [...new Uint32Array(s.get(at, 1001).buffer, at, 1001)];
      assertEquals(bits(few), bits(many));
    }
    assert(s.get(many, n).every((z) => Math.abs(z) < 5.42)); // the quantile of 1 - 2^-24
    s.kernels.run(kernels.f32_uniform, 1, 3, 4, 0, 1, many, n);
    assert(s.get(many, n).every((u) => u >= 0 && u < 1));
  });
}

Deno.test("the reference's threefry gives the known answers of Random123", () => {
  // threefry2x32 20, kat_vectors: counter, key, result
  assertEquals(threefry([0, 0], [0, 0]), [0x6b200159, 0x99ba4efe]);
  assertEquals(threefry([0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff]), [0x1cb996fc, 0xbb002be7]);
  assertEquals(threefry([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]), [0xc4923a9c, 0x483df7a0]);
});
