/**
 * The cold process that `deno task measure startup` starts: imports elbo, takes one step, and says how long it took. With
 * `phases` the large parts are imported one by one before the rest, which costs a little more in all.
 */
const MODULES: Readonly<Record<string, string>> = {
  "import tfjs-core": "../src/backend/tf.ts",
  "import the Wasm binaries": "../src/backend/binaries.js",
  "import tfjs-backend-wasm": "../src/backend/emscripten.ts",
};
const phases: Record<string, number> = {}, began = performance.now();
let since = began;

function done(phase: string) {
  const now = performance.now();
  phases[phase] = now - since;
  since = now;
}

if (Deno.args[0] === "phases") {
  for (const [phase, file] of Object.entries(MODULES)) {
    await import(new URL(file, import.meta.url).href);
    done(phase);
  }
}
const { init, key, random, start, step } = await import("../mod.ts");
done(Deno.args[0] === "phases" ? "import the rest" : "import");
await start();
done("start the backend");
const state = init({ input: 784, hidden: [400], latent: 20 }, { key: key(0) });
const x = random.uniform(key(1), [128, 784]);
done("init, draw a batch");
step(state, x, { key: key(2) });
done("first step");
console.log(JSON.stringify(Deno.args[0] === "phases" ? phases : { total: since - began }));
