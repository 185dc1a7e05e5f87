/** Questions that lead to numbers that are not finite, of which there is no answer to give. */
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { post, postRaw, refused, served } from "./handler.ts";

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
