/**
 * tfjs-core's own tests of matMul, dot and fused.matMul, on our kernels. The npm package ships them, written for Jasmine:
 * their text is run with the little of Jasmine that they use, which makes a Deno test of each.
 */
import "npm:@tensorflow/tfjs@4.22.0"; // registers the gradients, and the cpu backend
import fusedMatMul from "npm:@tensorflow/tfjs-core@4.22.0/dist/ops/fused/fused_mat_mul_test.js" with { type: "text" };
import matMul from "npm:@tensorflow/tfjs-core@4.22.0/dist/ops/mat_mul_test.js" with { type: "text" };
import { start, tf } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "../assert.ts";

type Body = () => void | Promise<void>;

/** How many tests each suite has: that none gets lost. */
const SUITES = { matmul: 47, matmulBatch: 14, dot: 11, "fused matmul": 21 };

/** It multiplies int32 matrices, which tfjs's wasm backend refuses, with our kernels as without. */
const NOT_ON_WASM = "upcasts when dtypes dont match";

function expect(actual: unknown) {
  return {
    toBe: (expected: unknown) => assertStrictEquals(actual, expected),
    toEqual: (expected: unknown) => assertEquals(actual, expected),
    toThrowError(pattern = /./) {
      assertMatch(assertThrows(actual as () => unknown).message, pattern);
    },
  };
}

/** The tests of a file, by suite. */
function collect(text: string): Map<string, Map<string, Body>> {
  const suites = new Map<string, Map<string, Body>>();
  let tests: Map<string, Body>, before: Body[];
  const jasmine = {
    tf,
    expect,
    ALL_ENVS: {},
    expectArraysClose: tf.test_util.expectArraysClose,
    expectArraysEqual: tf.test_util.expectArraysEqual,
    describeWithFlags(suite: string, _: unknown, body: () => void) {
      suites.set(suite, tests = new Map());
      before = [];
      body();
    },
    beforeEach: (body: Body) => void before.push(body),
    it(name: string, body: Body) {
      const prepare = before;
      assert(!tests.has(name), `two tests have the name ${name}`);
      tests.set(name, async () => {
        for (const each of prepare) await each();
        await body();
      });
    },
  };
  const script = text.replace(/^import .*$|^export /gm, "");
  new Function(...Object.keys(jasmine), script)(...Object.values(jasmine));
  return suites;
}

const suites = new Map([...collect(matMul), ...collect(fusedMatMul)]);

Deno.test("tfjs's suites are complete", () => {
  assertEquals(Object.fromEntries([...suites].map(([suite, tests]) => [suite, tests.size])), SUITES);
});

for (const [suite, tests] of suites) {
  for (const [name, body] of tests) {
    Deno.test({
      name: `tfjs: ${suite}: ${name}`,
      ignore: name === NOT_ON_WASM,
      async fn() {
        await start();
        const before = tf.memory().numTensors;
        tf.engine().startScope();
        try {
          await body();
        } finally {
          tf.engine().endScope();
        }
        assertEquals(tf.memory().numTensors, before);
      },
    });
  }
}
