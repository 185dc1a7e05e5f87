/**
 * Tensors and heap over 10,000 steps of the full model, 784-400-20, batch 128: the README says that they do not grow.
 *
 *     deno task figure:memory [STEPS]
 *
 * Prints one JSON object; exits with 1 if either grew after the first ten steps.
 */
import { foldIn, init, key, random, step, tf } from "../../mod.ts";
import { runtime } from "../../src/backend/start.ts";

const steps = Number(Deno.args[0] ?? 10_000);
const x = random.uniform(key(1), [128, 784]), noise = key(2);
let state = init({ input: 784, hidden: [400], latent: 20 }, { key: key(0) });

/** One step that donates the state and, every hundredth, one that does not. */
function advance(i: number) {
  const [next] = step(state, x, { key: foldIn(noise, i), donate: i % 100 !== 0 });
  if (i % 100 === 0) state[Symbol.dispose]();
  state = next;
}

const measure = () => ({ tensors: tf.memory().numTensors, heapBytes: runtime().heap.memory.buffer.byteLength });
for (let i = 0; i < 10; i++) advance(i);
const before = measure();
for (let i = 10; i < steps; i++) advance(i);
const after = measure();
console.log(JSON.stringify({ steps, before, after }));
if (after.tensors > before.tensors || after.heapBytes > before.heapBytes) Deno.exit(1);
