/** Headers blown up at random: whatever they claim, opening them costs at most four times the file and 16 MB. */
import { fileURLToPath } from "node:url";
import { assert } from "./assert.ts";
import type { Found } from "./files_fuzz_worker.ts";

Deno.test({
  name: "files with headers blown up at random cost at most four times their size and 16 MB, in both modules",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    // All permissions: Deno asks for no less before it writes to /proc.
    const program = fileURLToPath(new URL("files_fuzz_worker.ts", import.meta.url));
    const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", program, "400", "7"], stderr: "piped" });
    const { stdout, stderr, success } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
    const { beyond, worst, told }: Found = JSON.parse(new TextDecoder().decode(stdout));
    assert(beyond <= 16 * 2 ** 20, `${beyond} bytes beyond four times the file: ${worst}`);
    // Not all for one reason: many kinds of damage are reached, and some of it is none.
    assert(Object.keys(told).length > 8 && told.loaded > 10, JSON.stringify(told));
  },
});
