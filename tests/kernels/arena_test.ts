import { Arena } from "../../src/kernels/arena.ts";
import { allocAligned, LINE } from "../../src/kernels/heap.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "../assert.ts";
import { BumpHeap } from "./bump_heap.ts";

function make(): { heap: BumpHeap; arena: Arena } {
  const heap = new BumpHeap({ shared: false });
  return { heap, arena: new Arena(heap) };
}

Deno.test("Arena begins every block at a cache line, and none overlaps another", () => {
  const { arena } = make();
  arena.scope(() => {
    let end = 0;
    for (const bytes of [1, 63, 64, 65, 4, 1000, 70_000, 12, 200_000, 1]) {
      const at = arena.take(bytes);
      assertEquals(at % LINE, 0);
      assert(at >= end, `${bytes} bytes at ${at}, in a block that ends at ${end}`);
      end = at + bytes;
    }
  });
});

Deno.test("Arena gives matrices of the shape that was asked for, with room for their elements", () => {
  const { arena } = make();
  arena.scope(() => {
    const first = arena.matrix(3, 5), second = arena.matrix(1, 1);
    assertEquals([first.rows, first.cols], [3, 5]);
    assert(second.ptr >= first.ptr + 60);
  });
});

Deno.test("Arena gives memory back at the end of a scope, also of one within another", () => {
  const { arena } = make();
  arena.scope(() => {
    const outer = arena.take(100);
    const inner = arena.scope(() => arena.take(1000));
    assertEquals(arena.scope(() => arena.take(1000)), inner);
    assertEquals(arena.scope(() => arena.scope(() => arena.take(8))), inner);
    assertEquals(arena.take(4), inner);
    assert(inner >= outer + 100);
  });
});

Deno.test("Arena gives memory back when the body throws", () => {
  const { arena } = make();
  arena.scope(() => {
    const at = arena.scope(() => arena.take(64)), error = new Error("in the body");
    const thrown = assertThrows(() =>
      arena.scope(() => {
        arena.take(640);
        throw error;
      })
    );
    assertStrictEquals(thrown, error);
    assertEquals(arena.take(64), at);
  });
  assertThrows(() =>
    arena.scope(() => {
      throw new Error("outermost");
    })
  );
  assertThrows(() => arena.take(4), Error, "Cannot take from an arena outside a scope");
});

Deno.test("Arena returns what the body returns", () => {
  assertEquals(make().arena.scope(() => 42), 42);
});

Deno.test("Arena refuses to give memory outside a scope", () => {
  const { arena } = make();
  assertThrows(() => arena.take(4), Error, "outside a scope");
  arena.scope(() => arena.take(4));
  assertThrows(() => arena.matrix(1, 1), Error, "outside a scope");
});

Deno.test("Arena keeps blocks of an outer scope intact when an inner one makes it grow", () => {
  const { arena, heap } = make();
  arena.scope(() => {
    const mark = new Uint32Array(heap.memory.buffer, arena.take(4000), 1000).fill(0xabcdef).byteOffset;
    for (let i = 0; i < 3; i++) {
      arena.scope(() => {
        const big = arena.take(300_000);
        new Uint8Array(heap.memory.buffer, big, 300_000).fill(i);
      });
      const after = arena.take(64); // must not be where the outer scope's own blocks are
      assert(after >= mark + 4000 || after + 64 <= mark);
    }
    assert(new Uint32Array(heap.memory.buffer, mark, 1000).every((v) => v === 0xabcdef));
  });
});

Deno.test("Arena does not grow when a scope is entered again and again within another", () => {
  const { arena } = make();
  arena.scope(() => {
    arena.take(60_000);
    arena.scope(() => arena.take(100_000));
    const { bytes } = arena;
    for (let i = 0; i < 1000; i++) arena.scope(() => arena.take(100_000));
    assertEquals(arena.bytes, bytes);
  });
});

Deno.test("Arena holds no more than the largest need, whatever smaller needs came before it", () => {
  const { arena, heap } = make();
  arena.scope(() => {
    for (let kb = 1; kb <= 1000; kb++) arena.scope(() => arena.take(1024 * kb));
    assert(heap.used < 3e6, `${heap.used} bytes`);
  });
  assert(heap.used < 1.1e6, `${heap.used} bytes`);
});

Deno.test("Arena takes nothing more from the heap once it has seen the largest need", () => {
  const { arena, heap } = make();
  const call = (n: number) =>
    arena.scope(() => {
      for (let i = 0; i < 5; i++) arena.scope(() => arena.take(n * 10_000)), arena.take(n * 1000);
    });
  for (const n of [1, 20, 3]) call(n);
  call(20);
  const { used } = heap, blocks = [...heap.live.keys()];
  assertEquals(blocks.length, 1);
  for (let i = 0; i < 1000; i++) call(1 + i % 20);
  assertEquals([heap.used, [...heap.live.keys()]], [used, blocks]);
});

Deno.test("Arena gives everything back to the heap when it is freed, and can be used again", () => {
  const { arena, heap } = make();
  arena.scope(() => [arena.take(100_000), arena.take(200_000)]);
  arena.free();
  assertEquals([arena.bytes, heap.used], [0, 0]);
  arena.scope(() => assertEquals(arena.take(10) % LINE, 0));
  arena.free();
  assertEquals(heap.used, 0);
});

Deno.test("Arena passes on that the heap is full, and works on with what it has", () => {
  const { arena, heap } = make();
  const alloc = heap.alloc.bind(heap);
  heap.alloc = (bytes) => {
    if (bytes > 1e6) throw new RangeError("the heap is full");
    return alloc(bytes);
  };
  arena.scope(() => {
    const at = arena.scope(() => arena.take(64));
    assertThrows(() => arena.scope(() => [arena.take(640), arena.take(2e6)]), RangeError, "the heap is full");
    assertEquals(arena.take(64), at);
  });
});

Deno.test("allocAligned gives a block that begins at a cache line, and frees what it took", () => {
  const heap = new BumpHeap({ shared: false });
  for (const bytes of [1, 8, 64, 100, 4096]) {
    const block = allocAligned(heap, bytes), [[pointer, taken]] = heap.live;
    assertEquals([block.ptr % LINE, block.bytes], [0, bytes]);
    assert(block.ptr >= pointer && block.ptr + bytes <= pointer + taken);
    block.free();
    assertEquals(heap.used, 0);
  }
});
