import { findOutside } from "../../kernels/batch.ts";
import { floats } from "../../kernels/heap.ts";
import { leaves, mapNetwork } from "../../vae/layout.ts";
import { decode, encode } from "../infer.ts";
import { likelihood } from "../likelihood.ts";
import { engineOf, type Model } from "../model.ts";
import { Refusal } from "./refusal.ts";

/** Numbers of a shape, as `encode` and the others give them. */
export type Numbers = { readonly data: Float32Array; readonly shape: readonly number[] };

/**
 * Whose fault it is if the answer to a question has numbers that are not finite. It is the model's if the question was one
 * that it was made for, and the request's otherwise.
 */
export type Fault = "model" | "request";

/** How far codes are from 0 that the prior draws: of a standard normal, one in 10^23 is farther away. */
const FARTHEST = 10;

const ACTION = "Cannot make a handler";

/** Largest float32: what is not within its bounds is not finite. */
const MOST = 3.4028234663852886e38;

/**
 * Checks that a model is not damaged: that its weights are finite, and so is what it makes of the simplest question, an
 * example of zeros, or of what is nearest in the likelihood's support, and a code of zeros.
 *
 * @throws {RangeError} If they are not.
 * @throws {TypeError} If it is no model.
 */
export function checkSound(model: Model): void {
  const { params, runtime: rt } = engineOf(ACTION, model), { input, latent, classes } = model.config;
  const list: string[] = [];
  mapNetwork(params, (_, name) => list.push(name));
  for (const [i, m] of leaves(params).entries()) {
    const at = rt.arena.scope(() => findOutside(rt, m, -MOST, MOST));
    if (at >= 0) throw damaged(`${floats(rt.heap, m)[at]} in ${list[i]}`);
  }
  const p = likelihood(model), labels = classes > 0 ? { labels: 0 } : {}, [low, high] = p.support;
  const x = new Float32Array(input).fill(Math.max(low, Math.min(high, 0)));
  const { mean, logVar } = encode(model, x, labels), outputs = decode(model, new Float32Array(latent), labels);
  const answers = { mean, logVar, outputs, x: p.mean(outputs) };
  for (const [name, { data }] of Object.entries(answers)) {
    const wrong = data.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) throw damaged(`${wrong} in its answer ${name} to zeros`);
  }
}

function damaged(got: string): RangeError {
  return new RangeError(`${ACTION}: expected a model whose numbers are finite, got ${got}`);
}

/**
 * Whose fault it is if examples have no finite answer: where there are bounds beside those of float32, all examples within
 * them are what the model was made for.
 */
export function faultOfExamples([low, high]: readonly [number, number]): Fault {
  return low > -MOST && high < MOST ? "model" : "request";
}

/** Whose fault it is if these codes have no finite answer: those that the prior draws are what the model was made for. */
export function faultOfCodes({ data }: Numbers): Fault {
  for (const value of data) if (Math.abs(value) > FARTHEST) return "request";
  return "model";
}

/**
 * Checks that numbers are finite: others are not in JSON, and nothing can be decoded from them.
 *
 * @throws {Refusal} 422 if one is not, and the request is at fault.
 * @throws {RangeError} If one is not, and the model is at fault.
 */
export function finite<T extends Numbers>(name: string, numbers: T, fault: Fault): T {
  const { data } = numbers;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const got = `${data[i]} in ${name}`;
    if (fault === "model") {
      throw new RangeError(
        `Cannot answer: expected finite numbers of a question that the model was made for, got ${got}`,
      );
    }
    throw new Refusal(422, "Cannot answer: what was asked leads to numbers that are not finite", {
      wanted: "values that the model has an answer to",
      got,
    });
  }
  return numbers;
}
