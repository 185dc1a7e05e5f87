/** Files in folders that are there for a while, and what the README's commands make of the repository's. */

const ROOT = new URL("../../", import.meta.url);

/** Files by their paths. */
export type Files = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** Uses a folder with these files, which is removed afterwards. */
export async function withFiles<T>(files: Files, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, bytes] of Object.entries(files)) {
      if (path.includes("/")) await Deno.mkdir(`${folder}/${path.replace(/\/[^/]*$/, "")}`, { recursive: true });
      await Deno.writeFile(`${folder}/${path}`, bytes);
    }
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The README, in which tests find its commands. */
export function readme(): Promise<string> {
  return Deno.readTextFile(new URL("README.md", ROOT));
}

/**
 * What commands write into a folder `out`, run from a folder that has the sources, and these files beside them: so that
 * nothing is left in the repository.
 */
export function made(commands: string, out: string, files: Files): Promise<Files> {
  return withFiles(files, async (folder) => {
    for (const name of ["src", "wasm"]) await Deno.symlink(new URL(name, ROOT).pathname, `${folder}/${name}`);
    const { success, stderr } = await new Deno.Command("sh", { args: ["-ec", commands], cwd: folder }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    const names = [...Deno.readDirSync(`${folder}/${out}`)].map(({ name }) => name);
    return Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await Deno.readFile(`${folder}/${out}/${name}`)])),
    );
  });
}

/** A file of the examples, by its path in the repository. */
export async function example(name: string): Promise<Files> {
  const path = `examples/${name}`;
  return { [path]: await Deno.readFile(new URL(path, ROOT)) };
}
