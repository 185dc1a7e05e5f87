import { Refusal } from "./refusal.ts";

/** Numbers of a shape, as `encode` and the others give them. */
export type Numbers = { readonly data: Float32Array; readonly shape: readonly number[] };

/** What the answer to a question is: arrays of one shape, by the names that they have in JSON; and what else JSON says. */
export type Result = {
  readonly arrays: Readonly<Record<string, Numbers>>;
  readonly more?: Readonly<Record<string, unknown>>;
};

/** Numbers as arrays of arrays; nine digits tell every float32 from the next. */
function nested({ data, shape }: Numbers): unknown[] {
  const values = Array.from(data, (value) => Number(value.toPrecision(9))), [rows, cols] = shape;
  return cols === undefined ? values : Array.from({ length: rows }, (_, i) => values.slice(i * cols, (i + 1) * cols));
}

/**
 * Numbers, of which all are finite: others are not in JSON, and nothing can be decoded from them.
 *
 * @throws {Refusal} 422 if one is not.
 */
export function finite<T extends Numbers>(name: string, numbers: T): T {
  const { data } = numbers, at = data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return numbers;
  throw new Refusal(422, "Cannot answer: what was asked leads to numbers that are not finite", {
    wanted: "values that the model has an answer to",
    got: `${data[at]} in ${name}`,
  });
}

/** A result as JSON. */
function json({ arrays, more }: Result): Response {
  return Response.json({
    ...Object.fromEntries(Object.entries(arrays).map(([name, numbers]) => [name, nested(numbers)])),
    ...more,
  });
}

/** A result as float32, little-endian, one array after the other, with its shape in the header `x-shape`. */
function raw({ arrays }: Result): Response {
  const all = Object.values(arrays), [{ data: { length }, shape }] = all;
  const joined = new Float32Array(all.length * length);
  all.forEach(({ data }, i) => joined.set(data, i * length));
  const sizes = all.length > 1 ? [all.length, ...shape] : shape;
  return new Response(joined, { headers: { "content-type": "application/octet-stream", "x-shape": sizes.join(",") } });
}

/**
 * The answer that a result makes.
 *
 * @throws {Refusal} 422 if a number is not finite.
 */
export function answerOf(result: Result, form: "application/json" | "application/octet-stream"): Response {
  for (const [name, numbers] of Object.entries(result.arrays)) finite(name, numbers);
  return form === "application/json" ? json(result) : raw(result);
}
