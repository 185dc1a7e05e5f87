import { f32_activation } from "../../src/kernels/bindings.ts";
import { type Entry, type Numbers, prepare, REGISTRY } from "../../wasm/registry.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { BUILDS, Serial, SIMD } from "./builds.ts";
import { faults } from "./compare.ts";

/** A memory that cannot grow: what is read or written past its end, or before its start, traps. */
const PAGES = 64, PAGE = 65536, END = PAGES * PAGE;

/** Where arguments stand, and after them all buffers but the one that is looked at. */
const ARGUMENTS = 8 * PAGE, OTHERS = ARGUMENTS + 256;

/** Elements of the largest case here; all sizes around the tiles are below it. */
const MOST = 200_000;

/** Buffers that may be left out, by the address 0: they cannot stand at the start. */
const OPTIONAL = ["bias", "dlogits", "doutputs", "saved"];

/** Puts the buffer called `name` at the very start or the very end of the memory. */
function placement(name: string, where: "start" | "end"): (bytes: number, name: string) => number {
  let top = OTHERS;
  return (bytes, other) => {
    if (other === name) return where === "start" ? 0 : END - bytes;
    const at = top;
    top += Math.ceil(bytes / 8) * 8;
    return at;
  };
}

function elements(entry: Entry, size: Numbers): number {
  return Math.max(entry.work(size).bytes / 4, (entry.work(size).flops ?? 0) / 2);
}

function buffers(entry: Entry, size: Numbers): string[] {
  const names = new Set([...Object.keys(entry.inputs(size)), ...Object.keys(entry.outputs(size, 1))]);
  return [...names, ...entry.scratch ? ["scratch"] : []];
}

function check(kernels: Serial, entry: Entry, size: Numbers): void {
  const { memory, scratchBytes } = kernels;
  for (const name of buffers(entry, size)) {
    for (const where of ["end", "start"] as const) {
      if (where === "start" && (OPTIONAL.includes(name) || name === "scratch")) continue;
      for (const parts of [1, 3]) {
        const what = `${entry.kernel.name} ${JSON.stringify(size)} in ${parts} parts, ${name} at the ${where}`;
        const { args, given, outputs } = prepare(entry, size, {
          memory,
          place: placement(name, where),
          parts,
          scratchBytes,
        });
        try {
          kernels.run(entry.kernel, parts, ...args);
        } catch (cause) {
          throw new Error(`${what}: ${(cause as Error).message}`, { cause });
        }
        if (parts === 1) assertEquals(faults(entry, size, given, outputs), [], what);
      }
    }
  }
}

for (const simd of SIMD) {
  Deno.test(`no kernel (${simd}) reads or writes outside its buffers`, async (t) => {
    const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
    const kernels = new Serial(BUILDS[simd].single, memory, ARGUMENTS);
    for (const entry of REGISTRY) {
      await t.step(entry.kernel.name, () => {
        for (const size of entry.sizes) if (elements(entry, size) <= MOST) check(kernels, entry, size);
      });
    }
  });
}

Deno.test("a memory that cannot grow tells of a single element too many", () => {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const kernels = new Serial(BUILDS.baseline.single, memory, ARGUMENTS);
  for (const name of ["x", "y"]) {
    const place = placement(name, "end"), x = place(40, "x"), y = place(40, "y");
    kernels.run(f32_activation, 1, 0, x, y, 10);
    assertThrows(() => kernels.run(f32_activation, 1, 0, x, y, 11), WebAssembly.RuntimeError, "out of bounds");
  }
});
