/** What the figures were measured on, and with. */
import os from "node:os";
import { version_core } from "../../src/backend/tf.ts";

/** The machine and the versions, as name and value; `load` shows whether it had other things to do. */
export async function machine(): Promise<[string, string][]> {
  const cpus = os.cpus(), { deno, v8 } = Deno.version;
  return [
    ["CPU", `${cpus[0]?.model.trim() ?? "unknown"}, ${cpus.length} logical cores`],
    ["memory", `${(os.totalmem() / 1e9).toFixed(1)} GB`],
    ["system", `${os.type()} ${os.release()}, ${Deno.build.arch}`],
    ["load before the run, over 1 and 5 minutes", Deno.loadavg().slice(0, 2).map((n) => n.toFixed(2)).join(", ")],
    ["Deno, V8", `${deno}, ${v8}`],
    ["tfjs", version_core],
    ["elbo", await commit()],
  ];
}

/** The commit, and whether the files are still it. */
async function commit(): Promise<string> {
  const git = async (...args: string[]) => {
    const { success, stdout } = await new Deno.Command("git", { args, stderr: "null" }).output();
    return success ? new TextDecoder().decode(stdout).trim() : undefined;
  };
  try {
    const hash = await git("rev-parse", "--short", "HEAD"), changed = await git("status", "--porcelain", "src", "wasm");
    return hash === undefined ? "not in git" : changed ? `${hash}, with changes` : hash;
  } catch {
    return "not in git";
  }
}
