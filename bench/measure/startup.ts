/**
 * From nothing to a finished first step, everything cached on disk, in a new process each time: milliseconds in all and by
 * phase. `total` begins where the program begins to import elbo; `boot` is what Deno takes before.
 */
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";
import { median } from "../timing.ts";

const { samples, quick } = readFlags({ samples: 11, quick: false });
const CHILD = new URL("../startup_child.ts", import.meta.url).href;

type Phases = Record<string, number>;

/** One process: what it says of itself, and the time until it said so. */
async function cold(how: "whole" | "phases"): Promise<{ phases: Phases; wall: number }> {
  const args = ["run", "--no-prompt", "--cached-only", CHILD, how], start = performance.now();
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
  let text = "", wall = 0;
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    wall ||= performance.now() - start;
    text += chunk;
  }
  if (!(await child.status).success) throw new Error("Cannot start a new process: it failed");
  return { phases: JSON.parse(text), wall };
}

const totals: number[] = [], boots: number[] = [], phases: Phases[] = [];
await cold("whole"); // fills the caches on disk
for (let i = 0; i < (quick ? 3 : samples); i++) {
  const whole = await cold("whole"), total = whole.phases.total;
  totals.push(total);
  boots.push(whole.wall - total);
  phases.push((await cold("phases")).phases);
}
const medians = Object.keys(phases[0]).map((name) => [name, median(phases.map((p) => p[name]))]);
print({
  measure: "startup",
  samples: totals.length,
  total: median(totals),
  min: Math.min(...totals),
  boot: median(boots),
  phases: Object.fromEntries(medians),
});
