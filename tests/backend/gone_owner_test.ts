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

/** Says twice per second how many threads the process has. */
const REPORT = `
  setInterval(() => console.log("threads", [...Deno.readDirSync("/proc/self/task")].length), 500);`;

/** Deno's own threads come and go by a few; the four rounds of each test would leave 24 of ours. */
const OWN = 10;

/** How long threads are waited for: a busy machine takes far more than the two seconds that they take on a quiet one. */
const WAIT = 60_000;

/** Runs a program, calls back with each line that it prints until told to stop, and kills it. */
async function watch(args: readonly string[], seen: (line: string) => boolean | Promise<boolean>): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), { args: [...args], stdout: "piped", stderr: "null" }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), WAIT);
  let rest = "";
  try {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (await seen(line)) return true;
    }
    return false;
  } finally {
    clearTimeout(timer);
    try {
      child.kill("SIGKILL");
    } catch {
      // It was killed by the timer.
    }
    await child.status;
  }
}

const countOf = (line: string) => Number(line.match(/^threads (\d+)$/)?.[1] ?? NaN);

for (const [how, end] of [["terminated", "worker.terminate()"], ["closed", "worker.postMessage('close')"]]) {
  Deno.test({
    name: `a Web Worker that is ${how} leaves no thread behind`,
    ignore: Deno.build.os !== "linux",
    fn: async () => {
      const source = `${COMPUTE} self.onmessage = () => self.close(); self.postMessage("ready");`;
      const program = `
        ${REPORT}
        const url = "data:text/javascript," + encodeURIComponent(${JSON.stringify(source)});
        await new Promise((done) => setTimeout(done, 1000));
        for (let i = 0; i < 4; i++) {
          const worker = new Worker(url, { type: "module" });
          await new Promise((done) => worker.onmessage = done);
          await new Promise((done) => setTimeout(done, 600));
          ${end};
        }
        console.log("over");`;
      const before: number[] = [], during: number[] = [], after: number[] = [];
      let over = false;
      const ended = await watch(["eval", program], (line) => {
        over ||= line === "over";
        const count = countOf(line);
        if (Number.isNaN(count)) return false;
        (before.length === 0 ? before : over ? after : during).push(count);
        return over && count <= before[0] + OWN;
      });
      assert(Math.max(...during) >= before[0] + 4, `${before} threads before, ${during} meanwhile`);
      assert(ended, `${before} threads before, ${after} after`);
    },
  });
}

Deno.test({
  name: "a program that --watch loads anew leaves no thread behind",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const folder = await Deno.makeTempDir(), file = `${folder}/main.ts`;
    const program = `${COMPUTE} console.log("loaded"); ${REPORT}`;
    await Deno.writeTextFile(file, program);
    let loads = 0, first = 0, last = 0;
    try {
      const ended = await watch(["run", "-A", "--watch", file], async (line) => {
        if (line === "loaded") loads++;
        const count = countOf(line);
        if (Number.isNaN(count)) return false;
        [first, last] = [first || count, count];
        if (loads >= 5) return last <= first + OWN;
        await Deno.writeTextFile(file, `${program} // ${loads}`);
        return false;
      });
      assert(ended, `${first} threads at first, ${last} after ${loads} loads`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("threads that were idle for seconds compute again, to the same bits", async () => {
  const program = `
    import { init, key, random, save, start, step } from ${JSON.stringify(MOD)};
    await start({ threads: 3 });
    const state = init({ input: 64, hidden: [64], latent: 2 }, { key: key(0) }), x = random.uniform(key(1), [256, 64]);
    const bits = () => save(step(state, x, { key: key(2) })[0]).join();
    const before = bits();
    await new Promise((done) => setTimeout(done, 2500));
    console.log(bits() === before);`;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
  assertEquals(new TextDecoder().decode(stdout), "true\n", new TextDecoder().decode(stderr));
});
