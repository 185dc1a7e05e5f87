/** Programs on the edge as a bundler makes them: minified, for browsers and workers. The explorer's page has one in it. */
import * as esbuild from "npm:esbuild@0.25.12";

/** What became of a program. */
export type Bundle = {
  readonly code: Uint8Array<ArrayBuffer>;
  /** The files that it is made of. */
  readonly inputs: readonly string[];
  readonly warnings: readonly esbuild.Message[];
};

/**
 * Bundles a program. Kernels and models stay outside: files that end in `.wasm` and `.safetensors` are imported by the
 * names that the program gives them.
 *
 * @param program Its text, which imports from the repository's folder, such as `./src/edge/mod.ts`.
 */
export async function bundle(program: string): Promise<Bundle> {
  const { outputFiles: [{ contents }], metafile, warnings } = await esbuild.build({
    stdin: { contents: program, resolveDir: new URL("../", import.meta.url).pathname, sourcefile: "program.ts" },
    external: ["*/binaries.js", "*.wasm", "*.safetensors"],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    metafile: true,
    write: false,
  });
  await esbuild.stop();
  const inputs = Object.keys(metafile.inputs).filter((path) => path !== "program.ts");
  return { code: contents.slice(), inputs, warnings };
}

/** How many bytes are left of some, compressed as servers do. */
export async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
}
