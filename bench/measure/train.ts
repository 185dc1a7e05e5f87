/** `deno task train`: seconds from the shell's view, evaluation, checkpoints and pictures included, and where it ended. */
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";

const { epochs, quick } = readFlags({ epochs: 10, quick: false });
const folder = await Deno.makeTempDir();
try {
  const args = ["task", "train", "--epochs", String(quick ? 1 : epochs), "--out", folder];
  const cwd = new URL("../../", import.meta.url), start = performance.now();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd, stdout: "null" }).output();
  const seconds = (performance.now() - start) / 1000;
  if (!success) throw new Error(`deno task train failed: ${new TextDecoder().decode(stderr)}`);

  const records = (await Deno.readTextFile(`${folder}/metrics.jsonl`)).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  const stepping = records.reduce((sum, { seconds }) => sum + seconds, 0);
  print({ measure: "train", peer: "elbo", epochs: records.length, seconds, stepping, test: records.at(-1).test.loss });
} finally {
  await Deno.remove(folder, { recursive: true });
}
