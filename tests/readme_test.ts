import { assert, assertEquals, assertMatch } from "./assert.ts";

const ROOT = new URL("../", import.meta.url);
const README = await Deno.readTextFile(new URL("README.md", ROOT));

Deno.test("the README's program runs as it stands, saved beside mod.ts", async () => {
  const [, program] = README.match(/```ts\n([\s\S]*?)```/)!;
  const [, command] = README.match(/run it with `npx -y deno@[\d.]+ ([^`]+)`/)!;
  assert(program.split("\n").filter((line) => line.trim() !== "").length <= 10, "more than ten lines");
  const file = new URL("first.ts", ROOT), args = command.split(" ");
  assertEquals(args.at(-1), "first.ts");
  // As the README says, but in a folder of its own, so that nothing is left in the repository.
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(
      `${folder}/first.ts`,
      program.replace('"./mod.ts"', JSON.stringify(new URL("mod.ts", ROOT))),
    );
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: args.toSpliced(1, 0, "--no-prompt"),
      cwd: folder,
    }).output();
    const text = new TextDecoder(), printed = text.decode(stdout);
    assertEquals(code, 0, text.decode(stderr));
    const loss = Number(printed.match(/loss: ([\d.]+)/)?.[1]), [, wanted] = README.match(/ends near (\d+)\s+nats/)!;
    assert(Math.abs(loss - Number(wanted)) < 2, printed);
    assertMatch(printed, /\[ 64, 784 \]/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assert(!await Deno.stat(file).catch(() => undefined), "first.ts was left behind");
});

Deno.test("every task that the README or the documentation names exists", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const contributing = await Deno.readTextFile(new URL(".github/CONTRIBUTING.md", ROOT));
  const named = new Set(
    [...(README + contributing).matchAll(/\btask ([a-z]+(?::[a-z]+)*)/g)].map(([, name]) => name),
  );
  assert(named.size >= 8, [...named].join(", "));
  assertEquals([...named].filter((name) => !(name in tasks)), []);
});

/** Both read how much memory each thread has, which Deno grants only to those who may do all. */
const ALL = ["bench:report", "measure"];

Deno.test("tasks ask for the permissions they need, not for all", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const all = Object.entries<string>(tasks).filter(([, command]) => /\s(-A|--allow-all)\b/.test(command));
  assertEquals(all.map(([name]) => name), ALL);
});
