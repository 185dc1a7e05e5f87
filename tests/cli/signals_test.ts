/** Signals while files are written, of which nothing may be left, and SIGHUP where it is to be ignored. */
import { FILES } from "../../src/cli/run_folder.ts";
import { assert, assertEquals } from "../assert.ts";
import { evaluate, inFolder, longer, result, sleep, SMALL, spawn, train, writeData } from "./command.ts";

const url = (name: string) => JSON.stringify(new URL(`../../src/cli/${name}`, import.meta.url));
const SIGNALS = [["SIGHUP", 129], ["SIGINT", 130], ["SIGTERM", 143]] as const;

/** A process of its own that runs a program; what it prints comes line by line. */
function program(text: string, ...args: string[]) {
  const own = ["eval", "--no-check", text, ...args];
  const child = new Deno.Command(Deno.execPath(), { args: own, stdout: "piped" }).spawn();
  return { child, lines: child.stdout.pipeThrough(new TextDecoderStream()).getReader() };
}

Deno.test("a signal ends a command that writes a file at once, and leaves no temporary file", async () => {
  // It writes all the time, so that any signal comes while it does.
  const writing = `
    import { writeAtomically } from ${url("checkpoint_file.ts")};
    const bytes = new Uint8Array(2 ** 24);
    console.log("writing");
    for (;;) await writeAtomically(Deno.args[0], bytes);
  `;
  for (const [signal, exitCode] of SIGNALS) {
    await inFolder(async (folder) => {
      for (let i = 0; i < 3; i++) {
        const { child, lines } = program(writing, `${folder}/model`);
        assertEquals((await lines.read()).value, "writing\n");
        await sleep(20 + 30 * Math.random());
        child.kill(signal);
        assertEquals((await child.status).code, exitCode);
        await lines.cancel();
        for await (const { name } of Deno.readDir(folder)) assertEquals(name, "model");
      }
    });
  }
});

Deno.test("a command that has written, or not yet, ends by the signal however busy it is", async () => {
  const busy = `
    import { undoneOnExit } from ${url("signals.ts")};
    { using _ = undoneOnExit(() => {}); }
    console.log("busy");
    for (;;);
  `;
  for (const [signal, exitCode] of SIGNALS) {
    const { child, lines } = program(busy);
    assertEquals((await lines.read()).value, "busy\n");
    child.kill(signal);
    assertEquals((await child.status).code, exitCode);
    await lines.cancel();
  }
});

Deno.test("a second signal undoes what the first left to be finished", async () => {
  await inFolder(async (folder) => {
    const stuck = `
      import { Interrupt } from ${url("interrupt.ts")};
      import { undoneOnExit } from ${url("signals.ts")};
      using interrupt = new Interrupt(() => console.log("asked"));
      using _ = undoneOnExit(() => { throw new Error("cannot be undone"); });
      using __ = undoneOnExit(() => Deno.removeSync(Deno.args[0]));
      Deno.writeTextFileSync(Deno.args[0], "");
      console.log("working");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    `;
    const { child, lines } = program(stuck, `${folder}/temporary`);
    assertEquals((await lines.read()).value, "working\n");
    child.kill("SIGINT");
    assertEquals((await lines.read()).value, "asked\n");
    await sleep(600);
    child.kill("SIGINT");
    assertEquals((await child.status).code, 130);
    await lines.cancel();
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("SIGHUP is ignored under nohup, and only there", async () => {
  const listening = `
    import { Interrupt } from ${url("interrupt.ts")};
    using interrupt = new Interrupt(() => console.log("asked for", interrupt.code));
    console.log("listening");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  `;
  // What nohup leaves a program that was started from a terminal: a standard input that can only be written.
  for (const [input, wanted] of [["0> /dev/null", undefined], ["< /dev/null", 129], ["", 129]] as const) {
    const script = `exec "$0" eval --no-check "$1" ${input}`;
    const args = ["-c", script, Deno.execPath(), listening];
    const child = new Deno.Command("bash", { args, stdin: "piped", stdout: "piped" }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    assertEquals((await lines.read()).value, "listening\n");
    child.kill("SIGHUP");
    if (wanted === undefined) await sleep(500);
    else assertEquals((await lines.read()).value, `asked for ${wanted}\n`);
    child.kill("SIGTERM");
    if (wanted === undefined) {
      assertEquals((await lines.read()).value, "asked for 143\n", "it was asked by SIGHUP");
      await sleep(600);
      child.kill("SIGTERM");
    } else {
      await sleep(600);
      child.kill("SIGTERM");
    }
    assertEquals((await child.status).code, 143);
    await lines.cancel();
    await child.stdin.abort().catch(() => {});
  }
});

Deno.test("evaluate ends by a signal while it measures", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--out", run)).code, 0);
    const model = `${run}/${FILES.model}`, before = [...Deno.readDirSync(run)].length;
    assertEquals((await evaluate("--model", model)).code, 0);
    for (const [signal, exitCode] of SIGNALS) {
      const child = spawn("evaluate", "--model", model, "--samples", "100000000");
      const out = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      assert((await out.read()).value?.startsWith(model));
      await sleep(200);
      child.kill(signal);
      assertEquals((await child.status).code, exitCode);
      await Promise.all([out.cancel(), child.stderr.cancel()]);
    }
    assertEquals([...Deno.readDirSync(run)].length, before);
  });
});

Deno.test("train asked twice leaves neither a temporary file nor a lock", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`;
    // Steps that take a second or more, so that signals come within one.
    const slow = ["--objective", "iwae", "--samples", "2000", "--batch-size", "16", "--hidden", "512", "--data", data];
    const child = spawn("train", ...slow, "--out", run);
    await longer(`${run}/${FILES.model}`, 0);
    await sleep(500);
    child.kill("SIGINT");
    await sleep(700);
    try {
      child.kill("SIGINT");
    } catch { /* It was quick. */ }
    assertEquals((await result(child)).code, 130);
    const names = [...Deno.readDirSync(run)].map(({ name }) => name).toSorted();
    assertEquals(names, [FILES.metrics, FILES.model]);
  });
});

Deno.test("train stopped while its pictures are drawn keeps those that are, and draws all when resumed", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/${FILES.model}`;
    // The principal components of so wide a code take the report some seconds.
    const flags = ["--hidden", "8", "--latent", "500", "--data", data, "--epochs", "1", "--out", run];
    const child = spawn("train", ...flags);
    await longer(`${run}/${FILES.curves}`, 0);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await result(child);
    assertEquals([code, stderr], [130, "stopping after saving; press Ctrl-C again to quit immediately\n"]);
    assert(stdout.endsWith(`stopped at step 2; continue with: deno task train --resume ${model}\n`), stdout);
    const drawn = [FILES.curves, FILES.metrics, FILES.model, FILES.reconstructions, FILES.samples];
    const names = () => [...Deno.readDirSync(run)].map(({ name }) => name).toSorted();
    assertEquals(names(), drawn.toSorted());
    assertEquals((await train("--resume", model)).code, 0);
    assertEquals(names(), Object.values(FILES).toSorted());
  });
});
