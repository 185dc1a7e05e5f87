/** `deno task export`: a trained model without its training state, for inference. */
import { exportFlags } from "./export_flags.ts";
import { run } from "./run.ts";

if (import.meta.main) {
  await run(async () => {
    const flags = exportFlags(Deno.args);
    if (!flags) return 0;
    const { exporting } = await import("./exporting.ts");
    return await exporting(flags.all);
  });
}
