/** Questions that lead to numbers that are not finite, of which there is no answer to give; and models that are damaged. */
import { createHandler, load } from "../../src/edge/handler/mod.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/safetensors.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../assert.ts";
import { get, post, postRaw, refused, served } from "./handler.ts";
import { smallFile } from "./models.ts";

/** A file with a tensor's first value, or all of them, changed. */
function withWeights(
  file: Uint8Array<ArrayBuffer>,
  name: string,
  value: number,
  all = false,
): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = decodeSafetensors(file), { data, dtype, shape } = tensors.get(`params.${name}`)!;
  const values = new Float32Array(data.slice().buffer);
  values.fill(value, 0, all ? values.length : 1);
  tensors.set(`params.${name}`, { data: new Uint8Array(values.buffer), dtype, shape });
  // Without a checksum of what it was.
  delete metadata.sha256;
  return encodeSafetensors(tensors, metadata);
}

Deno.test("codes that lead to numbers beyond float32 are refused, in either form", async () => {
  const { handler } = await served({ input: 6, hidden: [], latent: 16, likelihood: "squared-error" });
  const far = Array.from({ length: 9 }, (_, k) => Array.from({ length: 16 }, (_, j) => (j * k) % 7 < 4 ? 3e38 : -3e38));
  const statuses: number[] = [];
  for (const z of far) {
    const response = await post(handler, "/decode", [z]),
      raw = await postRaw(handler, "/decode", Float32Array.from(z), "1,16");
    assertEquals(raw.status, response.status);
    if (response.status === 422) assertMatch((await refused(response, 422)).message, /numbers that are not finite/);
    statuses.push(raw.status);
  }
  assert(statuses.includes(422), statuses.join());
});

Deno.test("examples whose code is no number are refused", async () => {
  const { handler } = await served({ input: 16, hidden: [], latent: 9, likelihood: "gaussian" });
  const far = Array.from({ length: 4 }, (_, k) => Array.from({ length: 16 }, (_, j) => (j * k) % 7 < 4 ? 3e38 : -3e38));
  for (const path of ["/encode", "/reconstruct", "/reconstruct?seed=1", "/anomaly", "/anomaly?samples=3"]) {
    await refused(await post(handler, path, far), 422);
  }
});

Deno.test("a model whose weights are not finite is refused at once, with the name of the weight", async () => {
  const file = smallFile({ input: 6, hidden: [5], latent: 2, batchNorm: true });
  for (const name of ["encoder.hidden.0.kernel", "encoder.hidden.0.norm.variance", "decoder.output.bias"]) {
    for (const value of [NaN, Infinity]) {
      // Either of them finds it: load, or else createHandler.
      const model = await load(withWeights(file, name, value)).catch((error) => error as Error);
      if (model instanceof Error) assert(model.message.includes(name), model.message);
      else assertThrows(() => createHandler(model), RangeError, `got ${value} in ${name}`);
    }
  }
});

Deno.test("a model that has no finite answer to zeros is refused at once", async () => {
  const file = smallFile({ input: 6, hidden: [5], latent: 2, batchNorm: true });
  for (
    const [name, message] of [
      ["decoder.hidden.0.norm.variance", "got NaN in its answer outputs to zeros"], // the root of a variance below zero
      ["encoder.hidden.0.norm.variance", "got NaN in its answer mean to zeros"],
    ]
  ) {
    const model = await load(withWeights(file, name, -1));
    assertThrows(() => createHandler(model), RangeError, message);
  }
});

Deno.test("numbers that are not finite are the model's fault where the question was an ordinary one: 500", async () => {
  const errors: Error[] = [], onError = (error: unknown) => void errors.push(error as Error);
  // Weights that are finite, and have a finite answer to zeros, but to little else.
  const gaussian = smallFile({ input: 6, hidden: [], latent: 2, likelihood: "gaussian" });
  const decoding = createHandler(await load(withWeights(gaussian, "decoder.output.kernel", 3e38)), { onError });
  await refused(await post(decoding, "/decode", [[9, 0]]), 500);
  for (const accept of ["application/json", "application/octet-stream", "image/png"]) {
    await refused(await get(decoding, "/sample?n=64", { accept }), 500);
  }
  for (const { message } of errors.splice(0, 4)) assertMatch(message, /^Cannot answer: expected finite .+ in x$/);
  // The prior never draws what is asked for here.
  await refused(await post(decoding, "/decode", [[11, 0]]), 422);
  assertEquals((await post(decoding, "/decode", [[0, 1]])).status, 200);

  // All examples within [0, 1] are ordinary ones.
  const bernoulli = smallFile({ input: 6, hidden: [], latent: 2 });
  const encoding = createHandler(await load(withWeights(bernoulli, "encoder.mean.kernel", 3e38, true)), { onError });
  for (const path of ["/encode", "/reconstruct", "/reconstruct?seed=1", "/anomaly"]) {
    await refused(await post(encoding, path, [[1, 1, 1, 1, 1, 1]]), 500);
    assertMatch(errors.pop()!.message, /^Cannot answer: expected finite .+, got Infinity in mean$/);
  }
  assertEquals(errors, []);
});
