/** Cloudflare's runtime for workers, from npm, with nothing of Cloudflare's around it. */
import workerd from "npm:workerd@1.20261117.1";
import { join } from "node:path";

/** A worker that answers on this machine. */
export type Worker = {
  /** Where it answers, without a slash at the end. */
  readonly url: string;
  /** When its process was begun, as `performance.now()` tells it. */
  readonly began: number;
  stop(): Promise<void>;
};

/** What node calls the default export is one of several properties here. */
const BINARY = (workerd as unknown as { readonly default: string }).default;

/** What a module is, by how its name ends; all else is data, as a rule for `*.safetensors` makes it. */
const KINDS: Readonly<Record<string, string>> = { js: "esModule", wasm: "wasm" };

/** A configuration for the files of a folder: see `workerd.capnp` in the package. `SELF` of a worker is itself. */
function configuration(files: readonly string[]): string {
  const modules = files.map((name) =>
    `(name = "${name}", ${KINDS[name.replace(/.*\./, "")] ?? "data"} = embed "${name}")`
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [${modules.join(", ")}],
    bindings = [(name = "SELF", service = "main")],
    compatibilityDate = "2026-01-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;
}

/** The configuration of a folder in the form that tools give it to workerd: with the files in it, and read at once. */
async function compiled(folder: string, main: string): Promise<string> {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => !name.startsWith("config."));
  const text = join(folder, "config.capnp"), binary = join(folder, "config.bin");
  await Deno.writeTextFile(text, configuration([main, ...files.filter((name) => name !== main)]));
  const child = new Deno.Command(BINARY, { args: ["compile", "--config-only", text] });
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`Cannot configure the worker: ${new TextDecoder().decode(stderr).trim()}`);
  await Deno.writeFile(binary, stdout);
  return binary;
}

/**
 * Starts a worker in a process of its own.
 *
 * @param folder Its files, each of them a module; a configuration is written beside them.
 * @param main The file whose default export answers.
 * @throws {Error} With what workerd says, if the worker does not start.
 */
export async function startWorker(folder: string, main: string): Promise<Worker> {
  // Events, such as where it listens, go to file descriptor 1.
  const args = ["serve", "--control-fd=1", "--binary", await compiled(folder, main)], began = performance.now();
  const child = new Deno.Command(BINARY, { args, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
  const said = new Response(child.stderr).text(),
    events = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await events.read();
    if (done) throw new Error(`Cannot start the worker: ${(await said).trim()}`);
    const port = (text += value).match(/"event":"listen".*"port":(\d+)/)?.[1];
    if (port === undefined) continue;
    return {
      url: `http://127.0.0.1:${port}`,
      began,
      async stop() {
        child.kill();
        await Promise.all([child.status, said, events.cancel()]);
      },
    };
  }
}
