/**
 * Random numbers: elbo's, which are JAX's, beside tfjs's and the runtime's own. 2,560 are the noise of a step at batch 128.
 *
 *     deno task bench bench/random_bench.ts
 */
import { foldIn, key, random, start, tf } from "../mod.ts";

const own = await start();
let calls = 0;

/** A new key each time, as a program would have it. */
const next = () => foldIn(key(0), calls++);

for (const n of [2560, 1 << 20]) {
  const values = new Float32Array(n), group = (of: string) => `${of} of ${n}`;
  const name = (of: string) => `elbo random.${of}, ${own.threads} threads`;

  Deno.bench(name("bits"), { group: group("bits"), baseline: true }, () => random.bits(next(), [n]).dispose());
  Deno.bench("crypto.getRandomValues", { group: group("bits") }, () => {
    const bytes = new Uint8Array(values.buffer);
    for (let i = 0; i < bytes.length; i += 65536) crypto.getRandomValues(bytes.subarray(i, i + 65536)); // its limit
  });

  Deno.bench(name("uniform"), { group: group("uniform"), baseline: true }, () => random.uniform(next(), [n]).dispose());
  Deno.bench("tf.randomUniform", { group: group("uniform") }, () => tf.randomUniform([n]).dispose());
  Deno.bench("Math.random", { group: group("uniform") }, () => {
    for (let i = 0; i < n; i++) values[i] = Math.random();
  });

  Deno.bench(name("normal"), { group: group("normal"), baseline: true }, () => random.normal(next(), [n]).dispose());
  Deno.bench("tf.randomNormal", { group: group("normal") }, () => tf.randomNormal([n]).dispose());
  Deno.bench("Math.random, Box-Muller", { group: group("normal") }, () => {
    for (let i = 0; i < n; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - Math.random())), angle = 2 * Math.PI * Math.random();
      values[i] = radius * Math.cos(angle);
      values[i + 1] = radius * Math.sin(angle);
    }
  });
}
