/** Misspelt options and likely mistakes are refused by every function of the edge, with what to write instead. */
import {
  decode,
  encode,
  generate,
  key,
  likelihood,
  load,
  type Model,
  reconstruct,
  sample,
} from "../../src/edge/mod.ts";
import { assert, assertRejects, assertThrows } from "../assert.ts";
import { smallFile } from "./models.ts";

const FILE = smallFile(),
  model = await load(FILE),
  x = new Float32Array(6),
  z = new Float32Array(2),
  k = { key: key(0) };
const posterior = encode(model, x), outputs = decode(model, z);

/** Every function that takes options, with a misspelt one, and the option that is meant. */
const MISSPELT: [call: (wrong: object) => unknown, wrong: string, meant?: string][] = [
  [(wrong) => encode(model, x, wrong), "label", "labels"],
  [(wrong) => sample(posterior, { ...k, ...wrong }), "modle", "model"],
  [(wrong) => decode(model, z, wrong), "lables", "labels"],
  [(wrong) => generate(model, { n: 1, ...k, ...wrong }), "label", "labels"],
  [(wrong) => generate(model, { n: 1, ...k, ...wrong }), "seed"],
  [(wrong) => reconstruct(model, x, wrong), "Key", "key"],
  [(wrong) => likelihood(model).sample(outputs, { ...k, ...wrong }), "keys", "key"],
];

Deno.test("a misspelt option is refused by every function, with the nearest one", async () => {
  const check = ({ message }: Error, wrong: string, meant?: string) => {
    const near = meant === undefined ? "." : `, did you mean "${meant}"?`;
    assert(message.includes(`unknown option "${wrong}"${near} Known options are `), message);
  };
  for (const [call, wrong, meant] of MISSPELT) {
    check(assertThrows(() => call({ [wrong]: 1 }), TypeError), wrong, meant);
    const { message } = assertThrows(() => call({ [`${"x".repeat(1e5)}\x1b[2J`]: 1 }), TypeError);
    assert(message.length < 400 && !message.includes("\x1b"), message);
  }
  check(await assertRejects(() => load(FILE, { maxbytes: 1e9 } as object), TypeError), "maxbytes", "maxBytes");
});

/** Arguments that are often given in place of others, and what the message answers. */
const MISTAKES: [call: () => unknown, message: string][] = [
  [() => encode(load(FILE) as unknown as Model, x), "expected a model made by load, got a promise; await it"],
  [() => generate(new Response(FILE) as unknown as Model, { n: 1, ...k }), "got a Response; write await load(…) of it"],
  [() => decode(FILE as unknown as Model, z), `got a Uint8Array of ${FILE.length}; write await load(…) of it`],
  [
    () => encode({ params: {} } as unknown as Model, x),
    "got a state of the main module; write await load(save(state))",
  ],
  [() => encode("model.safetensors" as unknown as Model, x), 'got "model.safetensors"'],
  [() => encode(null as unknown as Model, x), "got null"],
  [() => encode(model, [[0, 0, 0, 0, 0, 0]] as never), "got [an array]; write Float32Array.from(values.flat())"],
  [() => decode(model, posterior as never), "got a posterior; write sample(posterior, { key }) or posterior.mean"],
  [() => decode(model, Promise.resolve(z) as never), "got a promise; await it"],
  [() => decode(model, { data: [0, 0], shape: [1, 2] } as never), "got data that is [0, 0]"],
  [() => decode(model, undefined as never), "got none"],
  [
    () => encode(model, x, [3] as never),
    "Cannot encode: expected options to be an object such as { labels: … }, got [3]",
  ],
];

Deno.test("likely mistakes are answered with what to write instead", () => {
  for (const [call, message] of MISTAKES) assertThrows(call, TypeError, message);
});
