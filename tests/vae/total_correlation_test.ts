import type { Matrix } from "../../src/kernels/heap.ts";
import { type Gaussian, LOG_VAR_BOUNDS, reparameterizeBackward } from "../../src/kernels/posterior.ts";
import {
  totalCorrelation,
  type TotalCorrelationTape,
  totalCorrelationToCode,
  totalCorrelationToPosterior,
} from "../../src/kernels/total_correlation.ts";
import { generator, uniform } from "../../wasm/reference/entry.ts";
import { quantile } from "../../wasm/reference/normal.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { SIMD } from "../kernels/builds.ts";
import { distance, SerialRuntime, slopes } from "../kernels/serial_runtime.ts";

/** Examples in the dataset. */

/** B and Z: one row, one column, odd, around a vector. */
const SIZES: [B: number, Z: number][] = [[1, 1], [1, 3], [5, 1], [2, 2], [4, 5], [7, 3], [9, 4], [17, 10]];

type Numbers = { z: Float64Array; mean: Float64Array; logVar: Float64Array };

/** Posteriors that overlap, and a draw from each, as float32 has them. */
function batch(B: number, Z: number): Numbers {
  const n = B * Z, random = generator(7 * n), mean = uniform(n, -1, 1, n), logVar = uniform(n, -2, 0.5, 3 * n);
  const draw = (i: number) => mean[i] + Math.exp(logVar[i] / 2) * quantile(1.9 * random() - 0.95);
  const z = Float32Array.from(mean, (_, i) => draw(i));
  return { z: Float64Array.from(z), mean: Float64Array.from(mean), logVar: Float64Array.from(logVar) };
}

/** tc of each example in float64, with no regard to range. */
function naive({ z, mean, logVar }: Numbers, B: number, Z: number): Float64Array {
  const density = (i: number, j: number, d: number) => {
    const v = Math.exp(logVar[j * Z + d]), difference = z[i * Z + d] - mean[j * Z + d];
    return Math.exp(-difference * difference / (2 * v)) / Math.sqrt(2 * Math.PI * v);
  };
  const tc = new Float64Array(B);
  for (let i = 0; i < B; i++) {
    const marginals = new Float64Array(Z);
    let joint = 0;
    for (let j = 0; j < B; j++) {
      let product = 1;
      for (let d = 0; d < Z; d++) {
        marginals[d] += density(i, j, d);
        product *= density(i, j, d);
      }
      joint += product;
    }
    tc[i] = Math.log(joint / B) - marginals.reduce((sum, m) => sum + Math.log(m / B), 0);
  }
  return tc;
}

/** tc of a batch, then what `then` does with it. */
function run(
  rt: SerialRuntime,
  numbers: Numbers,
  [B, Z]: [number, number],
  then: (tc: Float32Array, tape: TotalCorrelationTape) => void,
): void {
  const tc = rt.put(B, 1), z = rt.put(B, Z, numbers.z);
  const posterior = { mean: rt.put(B, Z, numbers.mean), logVar: rt.put(B, Z, numbers.logVar) };
  rt.arena.scope(() => {
    const tape = totalCorrelation(rt, tc, z, posterior);
    then(rt.get(tc), tape);
  });
}

/** The gradients of scale times the sum of tc, added to `start`. */
function gradients(rt: SerialRuntime, tape: TotalCorrelationTape, scale: number, start = 0) {
  const { rows, cols } = tape.z, fresh = () => rt.put(rows, cols, new Float32Array(rows * cols).fill(start));
  const dz: Matrix = fresh(), d: Gaussian = { mean: fresh(), logVar: fresh() };
  totalCorrelationToCode(rt, dz, tape, scale);
  totalCorrelationToPosterior(rt, d, tape, scale);
  return { z: rt.get(dz), mean: rt.get(d.mean), logVar: rt.get(d.logVar) };
}

for (const simd of SIMD) {
  Deno.test(`the total correlation (${simd}) is that of float64`, () => {
    for (const [B, Z] of SIZES) {
      const numbers = batch(B, Z), want = naive(numbers, B, Z);
      run(new SerialRuntime(simd), numbers, [B, Z], (tc) => {
        tc.forEach((value, i) =>
          assertAlmostEquals(value, want[i], 1e-6 * Z * (8 + Math.log(B)), `${i} of ${B} by ${Z}`)
        );
      });
    }
  });

  Deno.test(`the gradients of the total correlation (${simd}) are those of central differences in float64`, () => {
    for (const [B, Z] of SIZES) {
      const numbers = batch(B, Z), scale = 1.5;
      const loss = () => scale * naive(numbers, B, Z).reduce((sum, v) => sum + v, 0);
      const rt = new SerialRuntime(simd);
      run(rt, numbers, [B, Z], (_, tape) => {
        const got = gradients(rt, tape, scale);
        for (const name of ["z", "mean", "logVar"] as const) {
          const want = slopes(numbers[name], loss);
          assert(distance(got[name], want, 1) < 1e-5, `d${name} of ${B} by ${Z}`);
        }
      });
    }
  });
}

Deno.test("the total correlation of one latent variable is log q(z) less itself: exactly 0, and so are its gradients", () => {
  for (const B of [1, 6, 13]) {
    const rt = new SerialRuntime();
    run(rt, batch(B, 1), [B, 1], (tc, tape) => {
      assertEquals(tc, new Float32Array(B));
      const largest = Math.max(...Object.values(gradients(rt, tape, 1)).map((g) => Math.max(...g.map(Math.abs))));
      assert(largest < 1e-6, `${largest}`);
    });
  }
});

Deno.test("the total correlation of a batch of one is 0, whatever the posterior, with no gradient", () => {
  const rt = new SerialRuntime(), Z = 6;
  run(rt, batch(1, Z), [1, Z], ([tc], tape) => {
    assertAlmostEquals(tc, 0, 1e-5);
    for (const g of Object.values(gradients(rt, tape, 1))) {
      g.forEach((value) => assertAlmostEquals(value, 0, 1e-6));
    }
  });
});

Deno.test("the gradients of the total correlation are added to what is there", () => {
  const rt = new SerialRuntime();
  run(rt, batch(9, 5), [9, 5], (_, tape) => {
    const alone = gradients(rt, tape, 0.7), added = gradients(rt, tape, 0.7, 3);
    for (const name of ["z", "mean", "logVar"] as const) {
      alone[name].forEach((value, i) => assertEquals(added[name][i], Math.fround(3 + value)));
    }
  });
});

Deno.test("the total correlation passes nothing to a log-variance at its bounds, and stays finite beside it", () => {
  const B = 11, Z = 3, [low, high] = LOG_VAR_BOUNDS, numbers = batch(B, Z);
  for (let i = 0; i < B * Z; i += 4) numbers.logVar[i] = i % 8 ? low : high;
  const rt = new SerialRuntime();
  run(rt, numbers, [B, Z], (tc, tape) => {
    const { z, mean, logVar } = gradients(rt, tape, 1, 2);
    assert([...tc, ...z, ...mean, ...logVar].every(Number.isFinite));
    for (let i = 0; i < B * Z; i++) assertEquals(logVar[i] === 2, i % 4 === 0, `${i}`);
  });
});

Deno.test("the total correlation is finite for posteriors so far apart that every other density is 0", () => {
  const B = 6, Z = 4, numbers = batch(B, Z), rt = new SerialRuntime();
  for (let i = 0; i < B * Z; i++) {
    numbers.mean[i] += 1000 * Math.floor(i / Z);
    numbers.z[i] = numbers.mean[i] + 0.1;
    numbers.logVar[i] = -8;
  }
  run(rt, numbers, [B, Z], (tc, tape) => {
    // Each example alone is near its z: log q(z_i | x_i) is the sum of its logarithms.
    tc.forEach((value) => assertAlmostEquals(value, (Z - 1) * Math.log(B), 1e-3));
    for (const g of Object.values(gradients(rt, tape, 1))) {
      g.forEach((value) => assertAlmostEquals(value, 0, 1e-2));
    }
  });
});

Deno.test("the total correlation reaches mean and log-variance through z, too", () => {
  const [B, Z] = [7, 3], { mean, logVar, z } = batch(B, Z), rt = new SerialRuntime();
  const eps = z.map((z, i) => (z - mean[i]) / Math.exp(logVar[i] / 2));
  run(rt, { z, mean, logVar }, [B, Z], (_, tape) => {
    const fresh = () => rt.put(B, Z, new Float32Array(B * Z)), dz = fresh(), d = { mean: fresh(), logVar: fresh() };
    totalCorrelationToCode(rt, dz, tape, 1 / B);
    reparameterizeBackward(rt, d, dz, tape.posterior, rt.put(B, Z, eps), 0);
    totalCorrelationToPosterior(rt, d, tape, 1 / B);
    const loss = () => {
      const drawn = eps.map((e, i) => mean[i] + Math.exp(logVar[i] / 2) * e);
      return naive({ z: drawn, mean, logVar }, B, Z).reduce((sum, v) => sum + v, 0) / B;
    };
    assert(distance(rt.get(d.mean), slopes(mean, loss)) < 1e-4);
    assert(distance(rt.get(d.logVar), slopes(logVar, loss)) < 1e-4);
  });
});

Deno.test("the total correlation lets a NaN in z spoil its own example, and one in the posterior all", () => {
  const [B, Z] = [5, 3];
  for (const name of ["z", "mean", "logVar"] as const) {
    const numbers = batch(B, Z);
    numbers[name][4] = NaN;
    run(new SerialRuntime(), numbers, [B, Z], (tc) => {
      tc.forEach((value, i) => assertEquals(Number.isNaN(value), name !== "z" || i === 1, `${name} ${i}`));
    });
  }
});
