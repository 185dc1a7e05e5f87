/** Runs the commands as users do: the line of their task in deno.json, with its permissions, from the repository's top. */
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };

const TOP = fileURLToPath(new URL("../..", import.meta.url));

/** What a command did. */
export type Result = { readonly code: number; readonly stdout: string; readonly stderr: string };

type Task = "train" | "sample" | "report" | "embed" | "evaluate" | "export" | "explorer";

/**
 * Starts a command; it is the process itself, not `deno task` in front of it, so that it can be killed. Quiet, since what
 * Deno says of the packages that it downloads, on a machine that has not run it yet, is not the command's.
 */
export function spawn(task: Task, ...args: string[]): Deno.ChildProcess {
  const [, run, ...own] = config.tasks[task].split(" "),
    options = { cwd: TOP, stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command(Deno.execPath(), { args: [run, "--quiet", ...own, ...args], ...options }).spawn();
}

/** Waits for a command's end. */
export async function result(child: Deno.ChildProcess): Promise<Result> {
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** What of a shell's line stands for the command in {@linkcode inShell}. */
export const COMMAND = '"$@"';

/**
 * Runs a command within a line of bash, in which {@linkcode COMMAND} stands for it, as for redirections. The exit code of a
 * pipe is that of its last part that failed.
 */
export async function inShell(line: string, task: Task, ...args: string[]): Promise<Result> {
  const [, run, ...own] = config.tasks[task].split(" "), all = [Deno.execPath(), run, "--quiet", ...own, ...args];
  const options = { cwd: TOP, stdout: "piped", stderr: "piped" } as const;
  return await result(
    new Deno.Command("bash", { args: ["-o", "pipefail", "-c", line, "bash", ...all], ...options }).spawn(),
  );
}

/** Runs `deno task train`. */
export function train(...args: string[]): Promise<Result> {
  return result(spawn("train", ...args));
}

/** Runs `deno task sample`. */
export function sample(...args: string[]): Promise<Result> {
  return result(spawn("sample", ...args));
}

/** Runs `deno task report`. */
export function report(...args: string[]): Promise<Result> {
  return result(spawn("report", ...args));
}

/** Runs `deno task embed`. */
export function embed(...args: string[]): Promise<Result> {
  return result(spawn("embed", ...args));
}

/** Runs `deno task evaluate`. */
export function evaluate(...args: string[]): Promise<Result> {
  return result(spawn("evaluate", ...args));
}

/** Runs `deno task export`. */
export function exportModel(...args: string[]): Promise<Result> {
  return result(spawn("export", ...args));
}

/** Runs `deno task explorer`. */
export function explorer(...args: string[]): Promise<Result> {
  return result(spawn("explorer", ...args));
}

/** An IDX file of `count` images whose pixels look random and are always the same. */
export function idx(count: number, height: number, width: number): Uint8Array {
  const header = [
    0,
    0,
    8,
    3,
    ...[count, height, width].flatMap((n) => [n >>> 24, n >>> 16 & 255, n >>> 8 & 255, n & 255]),
  ];
  const file = new Uint8Array(header.length + count * height * width);
  file.set(header);
  for (let i = header.length, x = 1; i < file.length; i++) {
    x = Math.imul(x, 1664525) + 1013904223;
    file[i] = x >>> 24;
  }
  return file;
}

/** A temporary folder for the length of a test. */
export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "elbo_cli_" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a folder of data: `count` train and 40 test images. */
export async function writeData(folder: string, count = 200, height = 6, width = 5): Promise<string> {
  const path = `${folder}/data-${count}-${height}x${width}`;
  await Deno.mkdir(path);
  await Deno.writeFile(`${path}/train-images-idx3-ubyte`, idx(count, height, width));
  await Deno.writeFile(`${path}/t10k-images-idx3-ubyte`, idx(40, height, width));
  return path;
}

/** Adds labels from 0 to 3 to the test images of such a folder. */
export async function writeLabels(data: string): Promise<void> {
  const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 4);
  await Deno.writeFile(`${data}/t10k-labels-idx1-ubyte`, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 40, ...labels));
}

/** A small model's flags. */
export const SMALL = ["--hidden", "9,7", "--latent", "3", "--batch-size", "16"];

/** The lines of metrics.jsonl without the clock's. */
export async function metricsOf(folder: string): Promise<unknown[]> {
  const lines = (await Deno.readTextFile(`${folder}/metrics.jsonl`)).trimEnd().split("\n");
  return lines.map((line) => ({ ...JSON.parse(line), seconds: 0, examplesPerSecond: 0 }));
}

/** Waits until a file has more than `size` bytes, and gives how many. */
export async function longer(path: string, size: number): Promise<number> {
  for (let i = 0; i < 3000; i++) {
    const now = (await Deno.stat(path).catch(() => undefined))?.size ?? 0;
    if (now > size) return now;
    await sleep(10);
  }
  throw new Error(`${path} stayed at ${size} bytes for 30 s`);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
