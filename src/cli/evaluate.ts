/** `deno task evaluate`: measures a trained model. */
import { evaluateFlags } from "./evaluate_flags.ts";
import { run } from "./run.ts";

if (import.meta.main) {
  await run(async () => {
    const flags = evaluateFlags(Deno.args);
    if (!flags) return 0;
    const { evaluating } = await import("./evaluating.ts");
    return await evaluating(flags.all);
  });
}
