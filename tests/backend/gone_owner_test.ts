/** Threads whose owner is gone end by themselves: a Web Worker that was terminated or closed, a program loaded anew. */
import { assert, assertEquals } from "../assert.ts";

const MOD = new URL("../../mod.ts", import.meta.url).href;

/** Starts four threads, and computes with them and with tfjs. */
const COMPUTE = `
  import { init, key, random, start, step, tf } from ${JSON.stringify(MOD)};
  await start({ threads: 4 });
  let state = init({ input: 64, hidden: [64], latent: 2 }, { key: key(0) });
  for (let i = 0; i < 20; i++) [state] = step(state, random.uniform(key(1), [256, 64]), { key: key(i) });
  tf.matMul(tf.ones([200, 200]), tf.ones([200, 200])).dataSync();`;

/** How many threads the process has. */
const THREADS = `const threads = () => [...Deno.readDirSync("/proc/self/task")].length;`;

async function lines(program: string): Promise<string[]> {
  const args = ["eval", program], { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const text = new TextDecoder().decode(stdout).trim();
  assert(text !== "", new TextDecoder().decode(stderr));
  return text.split("\n");
}

for (const [how, end] of [["terminated", "worker.terminate()"], ["closed", "worker.postMessage('close')"]]) {
  Deno.test({
    name: `a Web Worker that is ${how} leaves no thread behind`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const source = `${COMPUTE} self.onmessage = () => self.close(); self.postMessage("ready");`;
      const [before, ...after] = (await lines(`${THREADS}
        const url = "data:text/javascript," + encodeURIComponent(${JSON.stringify(source)});
        const round = async () => {
          const worker = new Worker(url, { type: "module" });
          await new Promise((done) => worker.onmessage = done);
          ${end};
          await new Promise((done) => setTimeout(done, 2500));
          console.log(threads());
        };
        for (let i = 0; i < 4; i++) await round();`)).map(Number);
      // Deno's own threads come and go by a few; each round would leave six of ours.
      for (const count of after) assert(count <= before + 4, `${[before, ...after]}`);
    },
  });
}

Deno.test({
  name: "a program that --watch loads anew leaves no thread behind",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir(), file = `${folder}/main.ts`;
    const program = `${COMPUTE} ${THREADS}
      await new Promise((done) => setTimeout(done, 2500));
      console.log("threads", threads());
      setInterval(() => {}, 1000);`;
    await Deno.writeTextFile(file, program);
    const args = ["run", "-A", "--watch", file];
    const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" }).spawn();
    try {
      const counts: number[] = [];
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        for (const [, count] of text.matchAll(/threads (\d+)/g)) counts.push(Number(count));
        if (counts.length === 4) break;
        await Deno.writeTextFile(file, `${program} // ${counts.length}`);
      }
      assertEquals(counts.length, 4);
      assert(counts[3] <= counts[0] + 4, `${counts}`);
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("threads that were idle for seconds compute again, to the same bits", async () => {
  const [same] = await lines(`
    import { init, key, random, save, start, step } from ${JSON.stringify(MOD)};
    await start({ threads: 3 });
    const state = init({ input: 64, hidden: [64], latent: 2 }, { key: key(0) }), x = random.uniform(key(1), [256, 64]);
    const bits = () => save(step(state, x, { key: key(2) })[0]).join();
    const before = bits();
    await new Promise((done) => setTimeout(done, 2500));
    console.log(bits() === before);`);
  assertEquals(same, "true");
});
