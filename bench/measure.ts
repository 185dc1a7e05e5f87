/**
 * Runs one measurement and prints what it found, a line of JSON each.
 *
 *     deno task measure              names them
 *     deno task measure step --threads 2 --batches 128,512
 */
const folder = new URL("measure/", import.meta.url), [name] = Deno.args;
const names = [...Deno.readDirSync(folder)].map((entry) => entry.name.replace(/\.ts$/, "")).sort();

if (names.includes(name)) {
  await import(new URL(`${name}.ts`, folder).href);
  Deno.exit(0);
}
console.error(`deno task measure NAME, where NAME is one of ${names.join(", ")}`);
Deno.exit(name === undefined ? 0 : 1);
