import { assert, assertEquals, assertMatch } from "../assert.ts";

const ROOT = new URL("../../", import.meta.url);
const TYPES: Record<string, string> = {
  ts: "application/typescript",
  js: "text/javascript",
  wasm: "application/wasm",
};

/** The repository over HTTP on a port of its own, as a file host would serve it. */
function serveRepository(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const body = await Deno.readFile(new URL("." + pathname, ROOT)).catch(() => undefined);
    if (!body) return new Response("not found", { status: 404 });
    const type = TYPES[pathname.split(".").at(-1)!] ?? "text/plain";
    return new Response(body, { headers: { "content-type": type } });
  });
}

async function run(script: string, ...flags: string[]) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/script.ts`, script);
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", ...flags, "script.ts"],
      cwd: folder,
      signal: AbortSignal.timeout(120_000),
    });
    const { code, stdout, stderr } = await command.output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Ten steps with two threads; it must end by itself. */
const program = (url: string) => `
import { foldIn, init, key, random, start, step, tf } from "${url}";
const { threads } = await start({ threads: 2 });
let state = init({ input: 784, hidden: [100], latent: 10 }, { key: key(0) });
const x = random.uniform(key(1), [64, 784]);
const losses: number[] = [];
for (let i = 0; i < 10; i++) {
  const [next, metrics] = step(state, x, { key: foldIn(key(2), i), donate: true });
  state = next;
  losses.push(metrics.loss);
}
const product = tf.matMul(x, tf.ones([784, 512])); // XNNPACK's thread starts, too
console.log(JSON.stringify({ threads, losses, sum: tf.sum(product).dataSync()[0] }));
`;

Deno.test("mod.ts imported from a URL trains with two threads, with --allow-import as the only permission", async () => {
  const server = serveRepository();
  try {
    const { port } = server.addr, host = `127.0.0.1:${port}`;
    const { code, stdout, stderr } = await run(program(`http://${host}/mod.ts`), `--allow-import=${host}`);
    assertEquals(code, 0, stderr);
    const { threads, losses } = JSON.parse(stdout);
    assertEquals(threads, 2);
    assert(losses.every(Number.isFinite) && losses[9] < losses[0], stdout);
  } finally {
    await server.shutdown();
  }
});

Deno.test("mod.ts imported from a URL says which flag is missing where imports from the host are not allowed", async () => {
  const server = serveRepository();
  try {
    const { code, stderr } = await run(program(`http://127.0.0.1:${server.addr.port}/mod.ts`));
    assertEquals(code, 1);
    assertMatch(stderr, /--allow-import/);
  } finally {
    await server.shutdown();
  }
});

Deno.test("mod.ts imported from a local checkout trains with two threads without any permission", async () => {
  const { code, stdout, stderr } = await run(program(new URL("mod.ts", ROOT).href));
  assertEquals(code, 0, stderr);
  assertEquals(JSON.parse(stdout).threads, 2);
});
