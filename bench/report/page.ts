/** bench/RESULTS.md. */
import { median } from "../timing.ts";
import { details } from "./details.ts";
import { quantity, table } from "./markdown.ts";
import type { Round } from "./rounds.ts";
import { EDGE_ROWS } from "./edge_rows.ts";
import type { Row } from "./row.ts";
import { ROWS } from "./rows.ts";

/** All that the page is made of. */
export type Report = {
  readonly date: string;
  readonly machine: readonly (readonly [string, string])[];
  /** What was run, as a person would. */
  readonly commands: readonly string[];
  /** Jobs that could not be run, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** Whether it was a trial with a few samples each. */
  readonly quick: boolean;
  readonly rounds: readonly Round[];
  /** How the ids of the jobs begin that it is of, where it is not of all. */
  readonly only?: readonly string[];
};

/** The whole page, as Markdown. */
export function page(report: Report): string {
  const { date, machine, commands, rounds, only } = report;
  return [
    `# Results\n`,
    report.quick ? "**A trial with `--quick`: no figure here means anything.**\n" : "",
    `Written by \`deno task bench:report${only?.length ? ` --only ${only.join(",")}` : ""}\` on ${
      date.slice(0, 16).replace("T", " ")
    } UTC. Each measurement ran in a new process,
${rounds.length} times, the order reversed every round. A value is the median over the rounds of what one round gave,
with the least and the greatest of them; a ratio is of two measurements of one round. The peak is what an FMA loop in Wasm
(\`wasm/kernels/peak.ts\`) reaches in the same process; flops are counted from the architecture (\`bench/flops.ts\`).
`,
    table(["", ""], machine),
    `\n## Reach\n`,
    table(["what", "reach", "measured", "range", ""], rowsOf(report).map((row) => line(row, report))),
    absent(report),
    ...details(rounds),
    `## Commands\n\nPyTorch's scripts ran without \`OPENBLAS_CORETYPE\` and \`OPENBLAS_L2_SIZE\`; those of onnxruntime in \`runs/peers\`.\n`,
    `\`\`\`sh\n${commands.join("\n")}\n\`\`\`\n`,
  ].join("\n");
}

/** The rows of what was to be measured. */
function rowsOf({ only }: Report): readonly Row[] {
  const all = [...ROWS, ...EDGE_ROWS];
  return only?.length ? all.filter(({ needs }) => needs.every((id) => chosen(id, only))) : all;
}

/** Whether a job is one of some, by how their ids begin. */
export function chosen(id: string, only: readonly string[]): boolean {
  return only.some((name) => id.startsWith(name));
}

function line(row: Row, { rounds, missing }: Report): string[] {
  const { what, reach, unit, atLeast, needs } = row;
  const wanted = `${atLeast ? "at least" : "at most"} ${quantity(reach, unit)}`;
  const values = rounds.map((round) => row.value(round)).filter((value) => value !== undefined);
  if (values.length === 0) return [what, wanted, "", "", `not measured: ${reason(needs, rounds, missing)}`];
  const measured = median(values), range = values.length > 1 ? [Math.min(...values), Math.max(...values)] : [];
  return [
    what,
    wanted,
    quantity(measured, unit),
    range.map((n) => quantity(n, unit)).join(" to "),
    verdict(row, measured),
  ];
}

/** Met, or missed and by how much of what was to be reached. */
function verdict({ reach, atLeast }: Row, measured: number): string {
  const short = atLeast ? 1 - measured / reach : measured / reach - 1;
  return short <= 0 ? "met" : `**missed** by ${(100 * short).toFixed(short < 0.1 ? 1 : 0)} %`;
}

/** Why a row has no value. */
function reason(needs: readonly string[], rounds: readonly Round[], missing: Report["missing"]): string {
  for (const job of needs) {
    if (missing[job]) return `${job} is missing`;
    for (const round of rounds) {
      const outcome = round[job];
      if (outcome && "failed" in outcome) return `${job} failed: ${outcome.failed.replaceAll("|", "/")}`;
    }
  }
  return "left out";
}

/** The peers that are missing, by name. */
function absent({ missing }: Report): string {
  const lines = Object.entries(missing).map(([id, why]) => `- ${id}: ${why}`);
  return lines.length > 0 ? `\nMissing peers, of which this page says nothing:\n\n${lines.join("\n")}\n` : "";
}
