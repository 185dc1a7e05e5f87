/**
 * Measures elbo and its peers, each in new processes, round after round in reversed order, and writes bench/RESULTS.md.
 *
 *     deno task bench:report                  five rounds, about half an hour; leave the machine alone meanwhile
 *     deno task bench:report --install        install the peers that npm has, first
 *     deno task bench:report --rounds 1 --quick --out runs/results.md       whether all of it runs
 *     deno task bench:report --only step,stock,gemm --out runs/results.md       these jobs, and their rows alone
 *     deno task bench:report --only edge,explorer --out bench/EDGE.md       inference without tfjs, and the explorer
 *     deno task bench:report --from runs/bench_report.json       only write the page anew
 *
 * `--python PATH` names the Python that has PyTorch; without it, the first python3 on the path that has it is taken.
 */
import { readFlags } from "./flags.ts";
import { type Job, jobs, type Outcome, runJob } from "./report/jobs.ts";
import { machine } from "./report/machine.ts";
import { chosen, page, type Report } from "./report/page.ts";
import { findPeers, succeeds } from "./report/peers.ts";

/** Everything found so far, so that nothing is lost when a run is broken off. */
const RAW = "runs/bench_report.json";

const flags = readFlags({
  rounds: 5,
  only: "",
  out: "bench/RESULTS.md",
  from: "",
  python: "",
  install: false,
  quick: false,
});
Deno.chdir(new URL("../", import.meta.url));
const report = flags.from ? JSON.parse(await Deno.readTextFile(flags.from)) as Report : await measure();
await Deno.writeTextFile(flags.out, page(report));
await succeeds(Deno.execPath(), ["fmt", "--quiet", flags.out]);
console.log(flags.out);

async function measure(): Promise<Report> {
  const peers = await findPeers(flags), only = flags.only.split(",").filter(Boolean);
  const all = jobs(peers, flags.quick).filter(({ id }) => only.length === 0 || chosen(id, only));
  const missing = Object.fromEntries(all.filter((job) => job.missing).map(({ id, missing }) => [id, missing!]));
  for (const [id, why] of Object.entries(missing)) console.error(`${id}: missing, ${why}`);

  const present = all.filter((job) => !job.missing), rounds: Record<string, Outcome>[] = [];
  const report: Report = {
    date: new Date().toISOString(),
    machine: await machine(),
    commands: present.map(({ shown }) => shown),
    missing,
    quick: flags.quick,
    rounds,
    only,
  };
  await Deno.mkdir("runs", { recursive: true });
  for (let i = 0; i < flags.rounds; i++) {
    const round: Record<string, Outcome> = rounds[i] = {};
    for (const job of i % 2 ? present.toReversed() : present) {
      round[job.id] = await told(job, i);
      await Deno.writeTextFile(RAW, JSON.stringify(report));
    }
  }
  return report;
}

/** Runs a job, and says so. */
async function told(job: Job, round: number): Promise<Outcome> {
  const outcome = await runJob(job);
  const end = "failed" in outcome ? `failed: ${outcome.failed}` : `${outcome.wall.toFixed(1)} s`;
  console.error(`${round + 1} of ${flags.rounds}, ${job.id}: ${end}`);
  return outcome;
}
