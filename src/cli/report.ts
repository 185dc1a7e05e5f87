/** `deno task report`: what a model has learned, as one HTML file. */
import { reportFlags } from "./report_flags.ts";
import { run } from "./run.ts";

if (import.meta.main) {
  await run(async () => {
    const flags = reportFlags(Deno.args);
    if (!flags) return 0;
    const { reporting } = await import("./reporting.ts");
    return await reporting(flags.all);
  });
}
