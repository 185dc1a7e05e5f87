/** `deno task embed`: the codes of a dataset's images, for other programs. */
import { embedFlags } from "./embed_flags.ts";
import { run } from "./run.ts";

if (import.meta.main) {
  await run(async () => {
    const flags = embedFlags(Deno.args);
    if (!flags) return 0;
    const { embedding } = await import("./embedding.ts");
    return await embedding(flags.all);
  });
}
