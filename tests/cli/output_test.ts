/** Every command where its standard output, or standard error, cannot be written. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { COMMAND, inFolder, inShell, SMALL, train, writeData, writeLabels } from "./command.ts";

/** How an output ends, and what is said of it. */
const ENDS = [["> /dev/full", /No space left on device/], ["| true", /its reader is gone/]] as const;

const url = JSON.stringify(new URL("../../src/cli/output.ts", import.meta.url));

Deno.test("every command whose output cannot be written says so in one line, and has written its files", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), run = `${folder}/run`, model = `${run}/model.safetensors`;
    await writeLabels(data);
    assertEquals((await train(...SMALL, "--data", data, "--epochs", "1", "--out", run)).code, 0);
    const commands = [
      ["sample", ["--model", model, "--out"], ["grid.png"]],
      ["report", ["--model", model, "--data", data, "--out"], ["page.html"]],
      ["embed", ["--model", model, "--data", data, "--out"], ["codes.npy", "codes.labels.npy"]],
      ["evaluate", ["--model", model, "--data", data], []],
      ["evaluate", ["--model", model, "--data", data, "--json"], []],
      ["export", ["--model", model, "--out"], ["model.safetensors"]],
      ["explorer", ["--model", model, "--out"], ["index.html", "model.safetensors"]],
    ] as const;
    for (const [i, [end, why]] of ENDS.entries()) {
      for (const [task, flags, files] of commands) {
        const out = `${folder}/${task}-${i}`;
        await Deno.mkdir(out, { recursive: true });
        const own = files.length === 0 ? flags : [...flags, task === "explorer" ? out : `${out}/${files[0]}`];
        const { code, stderr } = await inShell(`${COMMAND} ${end}`, task, ...own);
        assertMatch(stderr, /^error: Cannot write to standard output: .*\n$/, `${task} ${end}`);
        assertMatch(stderr, why);
        assertEquals(code, 1);
        const there = [...Deno.readDirSync(out)].map(({ name }) => name).toSorted();
        assertEquals(there, files.toSorted());
      }
    }
  });
});

Deno.test("help that cannot be written is told, too", async () => {
  for (const task of ["train", "sample", "report", "embed", "evaluate", "export", "explorer"] as const) {
    for (const [end, why] of ENDS) {
      const { code, stderr } = await inShell(`${COMMAND} ${end}`, task, "--help");
      assertMatch(stderr, /^error: Cannot write to standard output: .*\n$/);
      assertMatch(stderr, why);
      assertEquals(code, 1);
    }
  }
});

Deno.test("standard error that cannot be written changes neither results nor exit codes", async () => {
  await inFolder(async (folder) => {
    const data = await writeData(folder), flags = [...SMALL, "--data", data, "--epochs", "1", "--json"];
    const lines: string[] = [];
    for (const [i, end] of ["2> /dev/full", "2> >(true)"].entries()) {
      const { code, stdout } = await inShell(`${COMMAND} ${end}`, "train", ...flags, "--out", `${folder}/${i}`);
      const { seconds: _, examplesPerSecond: __, ...record } = JSON.parse(stdout);
      lines.push(JSON.stringify(record));
      assertEquals(code, 0);
      assertEquals((await inShell(`${COMMAND} ${end}`, "train", "--bogus")).code, 1);
    }
    assertEquals(lines[0], lines[1]);
  });
});

const PYTHON = "/usr/bin/python3", python = await Deno.stat(PYTHON).then(() => true, () => false);

Deno.test("print waits for a pipe that is full and does not block", { ignore: !python }, async () => {
  await inFolder(async (folder) => {
    const program = `
      import { print } from ${url};
      for (let i = 0; i < 2000; i++) print("x".repeat(99));
    `;
    await Deno.writeTextFile(`${folder}/program.ts`, program);
    // Node makes its pipes so. A terminal, or another reader that takes its time, is as slow.
    const reader = "import os, sys, time; os.set_blocking(1, False); os.execvp(sys.argv[1], sys.argv[1:])";
    const line = `${PYTHON} -c '${reader}' ${Deno.execPath()} run --no-check ${folder}/program.ts | (sleep 0.5; wc -c)`;
    const { success, stdout, stderr } = await new Deno.Command("bash", { args: ["-o", "pipefail", "-c", line] })
      .output();
    const said = new TextDecoder().decode(stderr);
    assert(success, said);
    assertStringIncludes(new TextDecoder().decode(stdout), "200000");
  });
});
