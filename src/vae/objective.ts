import type { Names, Optional } from "../checks/options.ts";
import { show } from "../checks/show.ts";

/** What training minimizes; the seam at which another objective is added. */
export type ObjectiveName = "elbo" | "iwae" | "dreg" | "beta-tc";

/** The objectives by name. */
export const OBJECTIVES: readonly ObjectiveName[] = ["elbo", "iwae", "dreg", "beta-tc"];

/** An objective and its settings, complete. */
export type Objective = {
  /**
   * - `"elbo"` (default): one sample of z, the KL in closed form (Kingma and Welling, Auto-Encoding Variational Bayes,
   *   2014, equation 10).
   * - `"iwae"`: the importance weighted bound over `samples` samples (Burda, Grosse and Salakhutdinov, Importance Weighted
   *   Autoencoders, 2016, equation 8).
   * - `"dreg"`: the same bound; the encoder's gradient by the doubly reparameterized estimator, whose noise does not drown
   *   it as samples grow (Tucker et al., Doubly Reparameterized Gradient Estimators for Monte Carlo Objectives, 2019,
   *   equation 8).
   * - `"beta-tc"`: the ELBO, and beta - 1 times the total correlation of the code, which keeps its dimensions apart
   *   (Chen et al., Isolating Sources of Disentanglement in Variational Autoencoders, 2018, equation 4). The total
   *   correlation is that of the mixture of the batch's own posteriors: an estimate that depends on the batch size, so
   *   only losses at equal batch sizes compare, and batches should have a hundred examples or more.
   */
  readonly objective: ObjectiveName;
  /**
   * Weight of the KL term, for `"beta-tc"` of the total correlation within it, at least 0; 1 (default) gives a bound of
   * log p(x) (Higgins et al., beta-VAE, 2017).
   */
  readonly beta: number;
  /** k: samples of z for each example, at least 1; default 1. More than one is for `"iwae"` and `"dreg"`. */
  readonly samples: number;
  /**
   * Nats of KL that each dimension may spend unpunished, its mean over the batch; default 0 (Kingma et al., Inverse
   * Autoregressive Flow, 2016, appendix C.8). For `"elbo"` only.
   */
  readonly freeBits: number;
};

/** The names of an objective's settings, for `checkOptions`. */
export const OBJECTIVE: Names<Objective> = {
  objective: true,
  beta: true,
  samples: true,
  freeBits: true,
};

/** Settings of an objective that there were in 0.1, for `checkOptions`. */
export const OLD_OBJECTIVE = { examples: 'nothing in its place: "beta-tc" needs no size of the dataset' };

/** Whether samples are weighted by importance, in place of one sample and a KL in closed form. */
export function weighted({ objective }: Pick<Objective, "objective">): boolean {
  return objective === "iwae" || objective === "dreg";
}

/**
 * Completes and checks an objective.
 *
 * @param action What cannot be done otherwise, for the error message.
 * @throws {RangeError} If a setting is out of range, or does not go with the objective.
 */
export function resolveObjective(action: string, options: Optional<Objective>): Objective {
  const { objective = "elbo", beta = 1, samples = 1, freeBits = 0 } = options;
  const check = (name: string, good: boolean, wanted: string, got: unknown) => {
    if (!good) throw new RangeError(`${action}: expected ${name} to be ${wanted}, got ${show(got)}`);
  };
  const names = OBJECTIVES.map((name) => `"${name}"`).join(", ");
  check("objective", OBJECTIVES.includes(objective), `one of ${names}`, objective);
  check(
    "beta",
    typeof beta === "number" && beta >= 0 && Math.fround(beta) < Infinity,
    "a finite number of at least 0",
    beta,
  );
  check("samples", Number.isSafeInteger(samples) && samples >= 1, "a positive integer", samples);
  check(
    "freeBits",
    typeof freeBits === "number" && freeBits >= 0 && Math.fround(freeBits) < Infinity,
    "a finite number of at least 0",
    freeBits,
  );
  check(
    "samples",
    samples === 1 || weighted({ objective }),
    `1 for the objective "${objective}" ("iwae" takes more)`,
    samples,
  );
  check("freeBits", freeBits === 0 || objective === "elbo", `0 for the objective "${objective}"`, freeBits);
  return { objective, beta, samples, freeBits };
}
