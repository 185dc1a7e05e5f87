import type { Numbers } from "./damage.ts";
import type { Service, Task } from "./service.ts";

/** What the answer to a question is: arrays of one shape, by the names that they have in JSON; and what else JSON says. */
export type Result = {
  readonly arrays: Readonly<Record<string, Numbers>>;
  readonly more?: Readonly<Record<string, unknown>> | undefined;
};

/** A number of float32 in nine digits, which are enough to tell it from the next. */
function digits(value: number): number {
  return Number(value.toPrecision(9));
}

/** Numbers from the one up to the other as a part of the text of arrays of `cols` each, or of one array of all. */
function textOf({ data, shape: [, cols] }: Numbers, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to;) {
    const column = cols === undefined ? at : at % cols,
      end = cols === undefined ? to : Math.min(to, at - column + cols);
    const list = JSON.stringify(Array.from(data.subarray(at, end), digits)).slice(1, -1);
    text += (column > 0 ? "," : cols === undefined ? "" : at > 0 ? ",[" : "[") + list;
    if (cols !== undefined && end % cols === 0) text += "]";
    at = end;
  }
  return text;
}

/** A result as JSON. */
async function json({ turns }: Service, task: Task, { arrays, more = {} }: Result): Promise<Response> {
  const parts: string[] = [];
  for (const [name, numbers] of Object.entries(arrays)) {
    parts.push(`${parts.length > 0 ? "," : "{"}${JSON.stringify(name)}:[`);
    await turns.each(task, numbers.data.length, 1, "numbers", (from, to) => void parts.push(textOf(numbers, from, to)));
    parts.push("]");
  }
  const rest = JSON.stringify(more).slice(1);
  parts.push(rest === "}" ? rest : `,${rest}`);
  return new Response(parts.join(""), { headers: { "content-type": "application/json" } });
}

/** A result as float32, little-endian, one array after the other, with its shape in the header `x-shape`. */
function raw({ arrays }: Result): Response {
  const all = Object.values(arrays), { data: { length }, shape } = all[0]!;
  const joined = new Float32Array(all.length * length);
  all.forEach(({ data }, i) => joined.set(data, i * length));
  const sizes = all.length > 1 ? [all.length, ...shape] : shape;
  return new Response(joined, { headers: { "content-type": "application/octet-stream", "x-shape": sizes.join(",") } });
}

/** The answer that a result makes. */
export async function answerOf(
  service: Service,
  task: Task,
  result: Result,
  form: "application/json" | "application/octet-stream",
): Promise<Response> {
  return form === "application/json" ? await json(service, task, result) : raw(result);
}
