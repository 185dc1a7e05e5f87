/** Every way to the same step gives the same bits: any number of threads, donated or not, in one call or in two. */
import {
  elbo,
  encode,
  foldIn,
  generate,
  gradients,
  init,
  key,
  type Metrics,
  random,
  type Simd,
  start,
  type State,
  step,
  stop,
  update,
} from "../../mod.ts";
import { assertEquals } from "../assert.ts";
import { batchOf, bitsOf } from "./model.ts";

/** Sizes that nobody tuned for. */
const D = 784, B = 61, CONFIG = { input: D, hidden: [300, 97], latent: 7 };

type Step = (state: State, i: number, x: ReturnType<typeof batchOf>) => [State, Metrics];

/** The bits of ten steps of training, metrics included, and of what can be asked of the result. */
function train(one: Step): { losses: Metrics[]; bits: Int32Array[] } {
  const x = batchOf(B, D), losses: Metrics[] = [];
  let state: State = init(CONFIG, { key: key(0) });
  for (let i = 0; i < 10; i++) {
    const [next, metrics] = one(state, i, x);
    state = next;
    losses.push(metrics);
  }
  const { params } = state, after = { key: key(9) };
  const asked = [encode(params, x), elbo(params, x, after), generate(params, { n: 33, ...after })];
  return { losses, bits: bitsOf([state, asked]) };
}

const plain: Step = (state, i, x) => step(state, x, { key: foldIn(key(2), i), beta: 0.5 });

const donated: Step = (state, i, x) => step(state, x, { key: foldIn(key(2), i), beta: 0.5, donate: true });

const inTwo = (donate: boolean): Step => (state, i, x) => {
  const [grads, metrics] = gradients(state.params, x, { key: foldIn(key(2), i), beta: 0.5 });
  return [update(state, grads, { donate }), metrics];
};

for (const simd of ["relaxed", "baseline"] satisfies Simd[]) {
  Deno.test(`training has the same bits at 1, 2, 3 and 4 threads with ${simd} SIMD`, async () => {
    let first: ReturnType<typeof train> | undefined;
    for (const threads of [1, 2, 3, 4]) {
      assertEquals(await start({ threads, simd }), { threads, simd });
      const trained = train(plain);
      first ??= trained;
      assertEquals(trained.losses, first.losses, `losses of ${threads} threads`);
      assertEquals(trained.bits, first.bits, `bits of ${threads} threads`);
      stop();
    }
  });
}

Deno.test("random draws have the same bits at 1, 2, 3 and 4 threads", async () => {
  const draw = () => bitsOf([random.bits, random.uniform, random.normal].map((f) => f(key(5), [61, 784])));
  await start({ threads: 1 });
  const first = draw();
  stop();
  for (const threads of [2, 3, 4]) {
    await start({ threads });
    assertEquals(draw(), first, `${threads} threads`);
    stop();
  }
});

Deno.test("a donated state gives the same bits as one that is kept", async () => {
  await start({ threads: 2 });
  assertEquals(train(donated), train(plain));
  stop();
});

Deno.test("step gives the same bits as gradients and then update", async () => {
  await start({ threads: 2 });
  const whole = train(plain);
  assertEquals(train(inTwo(false)), whole);
  assertEquals(train(inTwo(true)), whole);
  stop();
});
