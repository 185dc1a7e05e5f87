/**
 * A guard for CI, without absolute times: elbo's step against the same step in stock tfjs, in the same run, new processes in
 * turn. Exits with 1 if elbo is less than so many times faster.
 *
 *     deno task bench:check --ratio 10
 */
import { readFlags } from "./flags.ts";
import { jobs, runJob } from "./report/jobs.ts";
import { number, ratio, type Round } from "./report/rounds.ts";
import { print } from "./result.ts";
import { median } from "./timing.ts";

const { ratio: wanted, rounds } = readFlags({ ratio: 10, rounds: 3 });
Deno.chdir(new URL("../", import.meta.url));
const [own, stock] = ["step on 2", "stock"].map((id) => jobs({ missing: {} }, true).find((job) => job.id === id)!);

const ratios: number[] = [];
for (let i = 0; i < rounds; i++) {
  const round: Round = { own: await runJob(own), stock: await runJob(stock) };
  for (const outcome of Object.values(round)) if ("failed" in outcome) throw new Error(outcome.failed);
  ratios.push(ratio(number(round, "stock", "ms", { kernels: "tfjs" }), number(round, "own", "ms"))!);
}
const measured = median(ratios);
print({ measure: "check", ratio: measured, wanted, rounds, passed: measured >= wanted });
if (measured < wanted) {
  console.error(`A step is ${measured.toFixed(1)} times faster than in stock tfjs, expected at least ${wanted}`);
  Deno.exit(1);
}
