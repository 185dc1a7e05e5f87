import { floats } from "../kernels/heap.ts";
import { publicMetadata } from "../metadata.ts";
import { modelContents } from "../model_file.ts";
import { encodeHead } from "../safetensors.ts";
import { leaves, mapNetwork } from "../vae/layout.ts";
import { engineOf, type Model } from "./model.ts";

/** Most bytes of one piece. */
const PIECE = 1 << 16;

/**
 * A model as the safetensors file that `deno task export` writes, float32, piece by piece as it is asked for, so that a
 * slow reader holds no copy of the weights. It has no `sha256`, which would have to be known before the first piece.
 *
 * @param model A model.
 * @returns The file's bytes, to be read once.
 * @throws {TypeError} If it is no model.
 */
export function fileOf(model: Model): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { config, params, runtime: { heap } } = engineOf("Cannot give the file of a model", model);
  const weights = mapNetwork(params, (m) => floats(heap, m)), metadata = publicMetadata(model.metadata);
  const contents = modelContents(config, weights, "params", { metadata }), matrices = leaves(params);
  const { head, spans } = encodeHead(contents.tensors, contents.metadata);
  const places = new Map([...contents.tensors.keys()].map((name, i) => [name, matrices[i]]));
  function* pieces() {
    yield head;
    for (const { name, begin, end } of spans) {
      for (let at = 0; at < end - begin; at += PIECE) {
        // Anew for each piece: whenever memory grows, views of what it was are empty.
        const { buffer, byteOffset } = floats(heap, places.get(name)!);
        yield new Uint8Array(buffer, byteOffset + at, Math.min(PIECE, end - begin - at)).slice();
      }
    }
  }
  const all = pieces();
  return new ReadableStream({
    pull(controller) {
      const { done, value } = all.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}
