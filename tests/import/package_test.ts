/** Programs that have a package.json, or a tfjs-core of their own. */
import { assertEquals, assertStringIncludes } from "../assert.ts";
import {
  allowed,
  assertInferred,
  assertInReadme,
  assertTrained,
  deno,
  inference,
  program,
  run,
  withHost,
} from "./consumer.ts";

const OTHER = "npm:@tensorflow/tfjs-core@4.20.0";
const manifest = (dependencies: Record<string, string>) => ({ "package.json": JSON.stringify({ dependencies }) });
const MISSING = (name: string) => `Could not find a matching package for 'npm:${name}' in the node_modules directory`;

/** Without network it is there only if it was used before. */
const ignore = (await run(`import "${OTHER}";`)).code !== 0;

Deno.test("mod.ts beside a package.json says which flag it needs, and trains with it", async () => {
  await withHost({}, async (top, host) => {
    const script = program(`${top}mod.ts`), flags = allowed(host), files = manifest({});
    const { code, stderr } = await run(script, flags, files);
    assertEquals(code, 1);
    assertStringIncludes(stderr, MISSING("@tensorflow/tfjs-backend-wasm@4.22.0"));
    await assertInReadme(MISSING("@tensorflow/tfjs-backend-wasm@4.22.0"));
    for (const choice of ["none", "auto"]) {
      const flag = `--node-modules-dir=${choice}`;
      assertTrained(await run(script, [...flags, flag], files));
      await assertInReadme(flag);
    }
  });
});

Deno.test("mod.ts beside a package.json trains without a flag where its packages are installed", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const versions = { "@tensorflow/tfjs-core": "4.22.0", "@tensorflow/tfjs-backend-wasm": "4.22.0" };
    await Deno.writeTextFile(`${folder}/package.json`, manifest(versions)["package.json"]);
    const { code, stderr } = await deno(folder, ["install"]);
    assertEquals(code, 0, stderr);
    await withHost({}, async (top, host) => {
      await Deno.writeTextFile(`${folder}/script.ts`, program(`${top}mod.ts`));
      assertTrained(await deno(folder, ["run", "--no-prompt", ...allowed(host), "script.ts"]));
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the edge beside a package.json needs no flag, whichever tfjs-core that pins: it has no packages", async () => {
  await withHost({}, async (top, host) => {
    for (const files of [manifest({}), manifest({ "@tensorflow/tfjs-core": "4.20.0" })]) {
      assertInferred(await run(inference(top), allowed(host), files));
    }
  });
});

Deno.test({
  name: "mod.ts beside a package.json that pins another tfjs-core trains on its own",
  ignore,
  fn: async () => {
    await withHost({}, async (top, host) => {
      const script = program(`${top}mod.ts`), files = manifest({ "@tensorflow/tfjs-core": "4.20.0" });
      for (const choice of ["none", "auto"]) {
        assertTrained(await run(script, [...allowed(host), `--node-modules-dir=${choice}`], files));
      }
    });
  },
});

/** Tensors of both, in the functions of both; imported in this order. */
const both = (...order: readonly [name: "elbo" | "own", url: string][]) => `
${order.map(([name, url]) => `import * as ${name} from "${url}";`).join("\n")}
const { init, key, random, step, tf } = elbo as any, { ones, sum, engine, version_core } = own as any;
const { params } = init({ input: 4, hidden: [3], latent: 2 }, { key: key(0) });
const { mean } = elbo.encode(params, ones([2, 4])), x = random.uniform(key(1), [2, 4]);
let used: unknown;
try {
  using y = random.uniform(key(1), [2, 2]);
  used = y.size;
} catch (error) {
  used = String(error);
}
console.log(JSON.stringify({
  versions: [tf.version_core, version_core],
  oneEngine: tf.engine() === engine(),
  shape: mean.shape,
  sums: [sum(x).dataSync()[0] === tf.sum(x).dataSync()[0], tf.sum(ones([2, 4])).dataSync()[0]],
  used,
}));
`;
const SHARED = { versions: ["4.22.0", "4.20.0"], oneEngine: true, shape: [2, 2], sums: [true, 8] };

Deno.test({
  name: "another tfjs-core imported after mod.ts shares its engine: tensors of both go into functions of both",
  ignore,
  fn: async () => {
    await withHost({}, async (top, host) => {
      const { code, stdout, stderr } = await run(both(["elbo", `${top}mod.ts`], ["own", OTHER]), allowed(host));
      assertEquals(code, 0, stderr);
      assertEquals(JSON.parse(stdout), { ...SHARED, used: 4 });
    });
  },
});

Deno.test({
  name: "another tfjs-core imported before mod.ts makes all tensors, which are not for `using`, as the README says",
  ignore,
  fn: async () => {
    await withHost({}, async (top, host) => {
      const { code, stdout, stderr } = await run(both(["own", OTHER], ["elbo", `${top}mod.ts`]), allowed(host));
      assertEquals(code, 0, stderr);
      const message = "TypeError: Symbol(Symbol.dispose) is not a function";
      assertEquals(JSON.parse(stdout), { ...SHARED, used: message });
      await assertInReadme(message);
    });
  },
});

Deno.test({
  name: "types of another tfjs-core do not fit mod.ts, as the README says",
  ignore,
  fn: async () => {
    await withHost({}, async (top, host) => {
      const script = `import { encode, type Params } from "${top}mod.ts"; import * as own from "${OTHER}";
        export const posterior = (params: Params) => encode(params, own.ones([2, 4]));`;
      const { code, stderr } = await run(script, [...allowed(host), "--check"]);
      assertEquals(code, 1);
      const message = "Property 'isDisposedInternal' is protected";
      assertStringIncludes(stderr, message);
      await assertInReadme(message);
    });
  },
});
