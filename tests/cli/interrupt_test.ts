import { assert, assertEquals } from "../assert.ts";
import { sleep } from "./command.ts";

/** A process that notes what it is asked and, being busy for longer than any test waits, never stops by itself. */
const PROGRAM = `
  import { Interrupt } from ${JSON.stringify(new URL("../../src/cli/interrupt.ts", import.meta.url))};
  using interrupt = new Interrupt(() => console.log("asked for", interrupt.code));
  console.log("listening");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
`;

Deno.test("Interrupt notes a first signal, takes its echoes for the same one, and ends the process at a second", async () => {
  for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const args = ["eval", PROGRAM];
    await using child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await lines.read()).value, "listening\n");
    for (let i = 0; i < 3; i++) child.kill(signal);
    assertEquals((await lines.read()).value, `asked for ${exitCode}\n`);
    const early = await Promise.race([child.status, sleep(600)]);
    assertEquals(early, undefined, "an echo ended it");
    child.kill(signal);
    assertEquals((await child.status).code, exitCode);
    assert((await lines.read()).done);
  }
});
