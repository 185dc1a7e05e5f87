/** `deno task sample`: draws from a trained model. */
import { run } from "./run.ts";
import { sampleFlags } from "./sample_flags.ts";

if (import.meta.main) {
  await run(async () => {
    const flags = sampleFlags(Deno.args);
    if (!flags) return 0;
    const { sampling } = await import("./sampling.ts");
    return await sampling(flags.all);
  });
}
