/** `deno task explorer`: a folder for any file host, in which a trained model can be looked into. */
import { explorerFlags } from "./explorer_flags.ts";
import { run } from "./run.ts";

if (import.meta.main) {
  await run(async () => {
    const flags = explorerFlags(Deno.args);
    if (!flags) return 0;
    const { exploring } = await import("./exploring.ts");
    return await exploring(flags.all);
  });
}
