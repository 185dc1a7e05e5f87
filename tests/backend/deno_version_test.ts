import { checkDeno, OLDEST_DENO } from "../../src/backend/deno_version.ts";
import { defaultThreads } from "../../src/backend/start.ts";
import { assertEquals, assertThrows } from "../assert.ts";

Deno.test("a Deno that is too old is refused in one sentence, and others are let pass", () => {
  for (const version of ["1.46.3", "2.6.0", "2.7.14", "2.7.99"]) {
    const { message } = assertThrows(() => checkDeno(version), RangeError);
    assertEquals(message, `Cannot run on Deno ${version}: elbo needs Deno ${OLDEST_DENO} or later (deno upgrade)`);
  }
  for (const version of [OLDEST_DENO, "2.8.3", "2.9.6", "2.10.0", "3.0.0", "2.9.0-rc.1", "2.9.6+abc", undefined]) {
    checkDeno(version);
  }
});

Deno.test("the default number of threads is that of the cores, within what there may be", () => {
  assertEquals([1, 2, 254, 255, 1024, 0, undefined, NaN, 2.5].map(defaultThreads), [1, 2, 254, 254, 254, 1, 1, 1, 2]);
});
