/** What a process that uses elbo is like from outside: its threads, its permissions, its end. */
import { assert, assertEquals } from "../assert.ts";

const MOD = new URL("../../mod.ts", import.meta.url).href;

/** Trains for some steps and uses tfjs's own product, so that all threads are at work. */
const WORK = `
let state = init({ input: 784, hidden: [400], latent: 20 }, { key: key(0) });
const x = random.uniform(key(1), [128, 784]);
for (let i = 0; i < 3; i++) [state] = step(state, x, { key: foldIn(key(2), i) });
const product = tf.matMul(x, state.params.encoder.hidden[0].kernel).dataSync();
console.log("worked", product.length);
`;

/** Starts a script in a folder of its own and with no permission at all, for `use`. */
async function withScript<T>(text: string, flags: string[], use: (child: Deno.ChildProcess) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir(), script = `${folder}/script.ts`;
  try {
    await Deno.writeTextFile(
      script,
      `import { foldIn, init, key, random, start, step, stop, tf } from "${MOD}";\n${text}`,
    );
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", ...flags, script],
      cwd: folder,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    // Only so that a process that does not end fails its test.
    const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
    try {
      return await use(child);
    } finally {
      clearTimeout(timer);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs a script to its end, with nothing on its standard input. */
function run(text: string, ...flags: string[]) {
  return withScript(text, flags, async (child) => {
    await child.stdin.close();
    const { code, signal, stdout, stderr } = await child.output(), decoder = new TextDecoder();
    return { code, signal, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  });
}

Deno.test("a script elsewhere trains on two threads without any permission and exits by itself", async () => {
  const ended = await run(`await start({ threads: 2 });\n${WORK}`);
  assertEquals(ended, { code: 0, signal: null, out: "worked 51200\n", err: "" });
});

Deno.test("a script elsewhere is type-checked with mod.ts under Deno's default settings", async () => {
  const { code, err } = await run(WORK, "--check");
  assertEquals([code, err], [0, ""], err);
});

Deno.test("a script that never calls start exits by itself, and so does one that stops", async () => {
  const ended = await run(`${WORK}\nstop();\nconsole.log("stopped");`);
  assertEquals(ended, { code: 0, signal: null, out: "worked 51200\nstopped\n", err: "" });
  assertEquals(await run(WORK), { code: 0, signal: null, out: "worked 51200\n", err: "" });
});

Deno.test("a script that fails ends with its own error", async () => {
  const { code, err } = await run(`await start({ threads: 2 });\n${WORK}\nthrow new Error("of the script");`);
  assertEquals(code, 1);
  assert(err.includes("Error: of the script"), err);
});

/** How many worker threads a process has; Deno names them. */
async function workersOf(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `cat /proc/${pid}/task/*/comm`] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((name) => name.startsWith("worker-")).length;
}

/** Works with so many threads, then stops; each time it says so and waits for a line. */
const waiting = (threads: number) => `
const wait = () => Deno.stdin.read(new Uint8Array(1));
await start({ threads: ${threads} });
${WORK}
await wait();
stop();
console.log("stopped");
await wait();
`;

Deno.test({
  name: "no more workers start than are used, none at 1 thread, and stop ends them",
  ignore: Deno.build.os !== "linux",
  async fn() {
    // For each thread besides the calling one a worker of ours, and one of tfjs's.
    for (const [threads, wanted] of [[1, 0], [2, 2], [3, 4]]) {
      await withScript(waiting(threads), [], async (child) => {
        const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
        const input = child.stdin.getWriter(), line = new TextEncoder().encode("\n");
        assertEquals((await output.read()).value, "worked 51200\n");
        assertEquals(await workersOf(child.pid), wanted, `${threads} threads`);
        await input.write(line);
        assertEquals((await output.read()).value, "stopped\n");
        while (await workersOf(child.pid) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
        await input.write(line);
        await input.close();
        await output.cancel();
        await child.stderr.cancel();
        assertEquals((await child.status).code, 0);
      });
    }
  },
});
