/**
 * A cold process, everything cached on disk: Deno alone, elbo imported, and a first step finished. Where the time goes is
 * what `deno task measure startup` prints.
 *
 *     deno task bench bench/startup_bench.ts
 */
const child = new URL("startup_child.ts", import.meta.url).href;

function run(...args: string[]) {
  const { success } = new Deno.Command(Deno.execPath(), { args, stdout: "null" }).outputSync();
  if (!success) throw new Error(`Cannot run deno ${args.join(" ")}`);
}

const options = { group: "cold process", n: 15, warmup: 2 };
Deno.bench("Deno alone", { ...options, baseline: true }, () => run("eval", ""));
Deno.bench("import of tfjs-core", options, () => run("eval", 'import "npm:@tensorflow/tfjs-core@4.22.0"'));
Deno.bench("import of elbo", options, () => run("eval", `import ${JSON.stringify(new URL("../mod.ts", child).href)}`));
Deno.bench("import of elbo to first step", options, () => run("run", "--no-prompt", "--cached-only", child, "whole"));
