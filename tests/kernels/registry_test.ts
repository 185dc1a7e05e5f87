import { KERNELS } from "../../src/kernels/bindings.ts";
import { Pool } from "../../src/kernels/pool.ts";
import { parseKernels } from "../../wasm/bindings.ts";
import { type Buffers, type Entry, type Numbers, prepare, REGISTRY } from "../../wasm/registry.ts";
import { assert, assertEquals } from "../assert.ts";
import { BUILDS, SIMD } from "./builds.ts";
import { BumpHeap } from "./bump_heap.ts";
import { faults, identical } from "./compare.ts";

const THREADS = 4;

/** Bytes of guard on each side of a buffer. */
const GUARD = 128;

/** What guards, and outputs before the call, hold: as float32 a NaN, so that a result that reads it shows it. */
const PATTERN = [0xa5, 0x5a, 0xc5, 0xff];

/** Buffers between guard bands, at addresses that are aligned to their elements and to no more. */
class Guarded {
  readonly #heap: BumpHeap;
  readonly #spans: { name: string; from: number; to: number }[] = [];

  constructor(heap: BumpHeap) {
    this.#heap = heap;
  }

  place = (bytes: number, name: string): number => {
    const block = this.#heap.alloc(bytes + 2 * GUARD + 16), all = new Uint8Array(this.#heap.memory.buffer);
    for (let i = block; i < block + bytes + 2 * GUARD + 16; i++) all[i] = PATTERN[i & 3];
    const from = block + GUARD + (name === "images" ? 1 : name === "sums" ? 8 : 4 * (1 + this.#spans.length % 3));
    this.#spans.push({ name, from, to: from + bytes });
    return from;
  };

  /** The names of the buffers beside which something was written. */
  broken(): string[] {
    const all = new Uint8Array(this.#heap.memory.buffer);
    const intact = (from: number, to: number) => {
      for (let i = from; i < to; i++) if (all[i] !== PATTERN[i & 3]) return false;
      return true;
    };
    const whole = this.#spans.filter(({ from, to }) => intact(from - GUARD, from) && intact(to, to + GUARD));
    return this.#spans.filter((span) => !whole.includes(span)).map(({ name }) => name);
  }
}

type Options = { heap: BumpHeap; pool: Pool; parts: number; alias?: Readonly<Record<string, string>> };

/** Calls a kernel once; copies of its outputs and inputs. Fails if it wrote anywhere but to its outputs. */
function call(
  entry: Entry,
  size: Numbers,
  { heap, pool, parts, alias }: Options,
): { given: Buffers; outputs: Buffers } {
  const guarded = new Guarded(heap), { memory } = heap;
  const scratchBytes = pool.exports.GEMM_SCRATCH.value;
  const made = prepare(entry, size, { memory, place: guarded.place, parts, scratchBytes, alias });
  const what = `${entry.kernel.name} ${JSON.stringify(size)} in ${parts} parts ${alias ? JSON.stringify(alias) : ""}`;
  pool.run(entry.kernel, parts, ...made.args);
  assertEquals(guarded.broken(), [], `${what} wrote outside a buffer`);
  for (const [name, values] of Object.entries(made.inputs)) {
    if (name in made.outputs || Object.values(alias ?? {}).includes(name)) continue;
    assert(identical(values, made.given[name]), `${what} changed its input ${name}`);
  }
  const outputs = Object.fromEntries(Object.entries(made.outputs).map(([name, values]) => [name, values.slice()]));
  return { given: made.given, outputs };
}

Deno.test("the registry holds every kernel, each once and in the order of its number", () => {
  assertEquals(REGISTRY.map(({ kernel }) => kernel), KERNELS);
  assertEquals(KERNELS.map(({ index }) => index), KERNELS.map((_, i) => i));
});

Deno.test("every kernel of the sources is bound", () => {
  const folder = new URL("../../wasm/kernels/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].flatMap(({ name }) =>
    parseKernels(name, Deno.readTextFileSync(new URL(name, folder)))
  ).map(({ name }) => name);
  assertEquals(names.toSorted(), KERNELS.map(({ name }) => name).toSorted());
});

Deno.test("every entry of the registry names its inputs' domain, cases for tests and benches, and their work", () => {
  for (const { kernel, domain, sizes, bench, work } of REGISTRY) {
    assert(domain.length > 0 && sizes.length >= 30 && bench.length > 0, kernel.name);
    for (const size of bench) {
      const { flops = 1, bytes } = work(size);
      assert(flops > 0 && bytes > 0, `${kernel.name} ${JSON.stringify(size)}`);
    }
  }
});

for (const simd of SIMD) {
  Deno.test(`all kernels (${simd}) keep to the registry`, async (t) => {
    const heap = new BumpHeap();
    const pool = new Pool(BUILDS[simd].threads, heap, THREADS);
    try {
      for (const entry of REGISTRY) {
        const { kernel: { name }, sizes, aliases = [] } = entry;
        await t.step(`${name} meets the float64 reference with the same bits on 1 to ${THREADS} threads`, () => {
          for (const size of sizes) {
            const one = heap.scope(() => call(entry, size, { heap, pool, parts: 1 }));
            assertEquals(faults(entry, size, one.given, one.outputs), [], `${name} ${JSON.stringify(size)}`);
            for (let parts = 2; parts <= THREADS; parts++) {
              const many = heap.scope(() => call(entry, size, { heap, pool, parts }));
              assertSame(entry, size, one.outputs, many.outputs, `in ${parts} parts`);
            }
          }
        });
        for (const alias of aliases) {
          const pairs = Object.entries(alias).map(([output, input]) => `${output} may be ${input}`).join(", ");
          await t.step(`${name} works in place: ${pairs}`, () => {
            let tried = 0;
            for (const size of sizes) {
              const inputs = entry.inputs(size), outputs = entry.outputs(size, 1);
              const shared = Object.entries(alias).filter(([output, input]) => output in outputs && input in inputs);
              tried += shared.length;
              const apart = heap.scope(() => call(entry, size, { heap, pool, parts: 1 }));
              const parts = 1 + sizes.indexOf(size) % THREADS;
              const options = { heap, pool, parts, alias: Object.fromEntries(shared) };
              const inPlace = heap.scope(() => call(entry, size, options));
              assertSame(entry, size, apart.outputs, inPlace.outputs, `with ${pairs}`);
            }
            assert(tried > 0, `${name} has no case with ${pairs}`);
          });
        }
      }
    } finally {
      pool.stop();
    }
  });
}

function assertSame(entry: Entry, size: Numbers, a: Buffers, b: Buffers, how: string): void {
  const first = entry.result?.(a) ?? a, second = entry.result?.(b) ?? b;
  for (const name in first) {
    assert(
      identical(first[name], second[name]),
      `${entry.kernel.name} ${JSON.stringify(size)} ${how}: ${name} has other bits`,
    );
  }
}
