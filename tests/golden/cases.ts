/**
 * Models of every kind before version 2 of the file, run through everything that the public API has, and a hash of all bits
 * that come out. The hashes in `hashes.json` are those of elbo 0.1's code: what was computed then is computed still.
 */
import {
  anomalyScore,
  averaged,
  type ConfigOptions,
  decode,
  elbo,
  encode,
  foldIn,
  generate,
  init,
  type InitOptions,
  key,
  likelihood,
  type LikelihoodName,
  load,
  type LossOptions,
  perExampleLoss,
  random,
  reconstruct,
  sample,
  type State,
  step,
  tf,
} from "../../mod.ts";

/** A model, and how it is trained. */
export type Case = {
  readonly config: ConfigOptions;
  readonly B?: number;
  readonly objective?: Partial<LossOptions>;
  readonly optimizer?: InitOptions["optimizer"];
};

const LIKELIHOODS: readonly LikelihoodName[] = [
  ...["bernoulli", "continuous-bernoulli", "gaussian", "gaussian-global"] as const,
  ...["gaussian-pixel", "squared-error", "laplace", "discretized-logistic"] as const,
];
const ACTIVATIONS = ["relu", "tanh", "sigmoid", "elu", "gelu", "leaky-relu", "silu"] as const;

const dense: ConfigOptions = { input: 23, hidden: [14, 9], latent: 3 };
const conv: ConfigOptions = { input: 7 * 9 * 2, image: [7, 9, 2], channels: [5, 3], hidden: [11], latent: 3 };

/** Each part of a model at once, also what the version 1 checkpoint beside this file holds. */
export const EVERYTHING: ConfigOptions = {
  ...{ input: 90, image: [6, 5, 3], latent: 4, channels: [3], hidden: [7], activation: "tanh", batchNorm: true },
  ...{ classes: 3, embedding: 2, likelihood: "gaussian-global" },
  decoder: { hidden: [8, 6], channels: [4, 3], activation: "gelu" },
};

const OPTIMIZER: InitOptions["optimizer"] = { learningRate: 0.01, averageDecay: 0.99, clipNorm: 3, weightDecay: 0.01 };

const OBJECTIVES: readonly Partial<LossOptions>[] = [
  { beta: 0.5 },
  { freeBits: 0.3, beta: 2 },
  { objective: "beta-tc", beta: 4 },
  { objective: "iwae", samples: 5 },
  { objective: "iwae", samples: 3, beta: 0.5 },
  { objective: "dreg", samples: 5 },
];

/** The cases by name. */
export const CASES: Readonly<Record<string, Case>> = {
  linear: { config: { input: 13, hidden: [], latent: 3 } },
  dense: { config: dense },
  "784-400-20": { config: { input: 784, hidden: [400], latent: 20 }, B: 128 },
  "a batch of one": { config: dense, B: 1 },
  "stacks of their own": {
    config: {
      ...{ input: 10, latent: 4, encoder: { hidden: [9, 8], activation: "tanh", batchNorm: true } },
      decoder: { hidden: [7], activation: "elu", batchNorm: false },
    },
  },
  "batch normalization": { config: { input: 19, hidden: [17, 6], latent: 2, batchNorm: true, activation: "sigmoid" } },
  conv: { config: conv },
  "conv, 28 x 28": { config: { input: 784, channels: [8, 16], hidden: [32], latent: 8 }, B: 32 },
  "conv with batch normalization": { config: { ...conv, batchNorm: true, hidden: [] } },
  "conv in the encoder alone": { config: { ...conv, decoder: { channels: [], hidden: [6] } } },
  "conv in the decoder alone": { config: { ...conv, encoder: { channels: [], hidden: [6] } } },
  conditional: { config: { input: 12, hidden: [9], latent: 3, classes: 4 } },
  "conditional without hidden layers": { config: { input: 12, hidden: [], latent: 3, classes: 4 } },
  "conv, conditional": { config: { ...conv, classes: 3, hidden: [] } },
  "conditional by embedding": { config: { ...dense, classes: 3, embedding: 5 } },
  everything: { config: EVERYTHING, optimizer: OPTIMIZER },
  ...Object.fromEntries(LIKELIHOODS.flatMap((likelihood) => [
    [`${likelihood}, dense`, { config: { ...dense, likelihood, variance: 0.3 } }],
    [`${likelihood}, conv`, { config: { ...conv, likelihood } }],
  ])),
  ...Object.fromEntries(ACTIVATIONS.flatMap((activation) => [
    [`${activation}, dense`, { config: { ...dense, activation } }],
    [`${activation}, conv`, { config: { ...conv, activation } }],
  ])),
  ...Object.fromEntries(OBJECTIVES.flatMap((objective) => [
    [`${JSON.stringify(objective)}, dense`, { config: dense, objective }],
    [`${JSON.stringify(objective)}, everything`, { config: EVERYTHING, objective }],
  ])),
};

/** The tensors of a tree in the order of its members, which is that of its parameters. */
export function tensorsIn(tree: unknown): tf.Tensor[] {
  if (tree instanceof tf.Tensor) return [tree];
  return tree && typeof tree === "object" ? Object.values(tree).flatMap(tensorsIn) : [];
}

/** SHA-256 of bytes that follow each other, its first 16 hexadecimal digits. */
export async function digest(parts: readonly Uint8Array[]): Promise<string> {
  const all = Uint8Array.from(parts.flatMap((part) => [...part]));
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bits of what a model says to a batch. */
function answers({ params }: State, x: tf.Tensor2D, own: { labels?: number[] }, objective: object): unknown {
  const options = { key: key(6), ...own }, posterior = encode(params, x, own), p = likelihood(params);
  const z = sample(posterior, { key: key(5) }), outputs = decode(params, z, own);
  return [
    ...[posterior, z, outputs, reconstruct(params, x, options), reconstruct(params, x, own)],
    ...[generate(params, { n: x.shape[0], ...options }), p.mean(outputs), p.sample(outputs, { key: key(8) })],
    ...[p.logProb(outputs, x), elbo(params, x, options), perExampleLoss(params, x, { ...options, ...objective })],
    perExampleLoss(params, x, { ...options, objective: "iwae", samples: 7 }),
    ...(["nll", "reconstruction"] as const).map((method) =>
      anomalyScore(params, x, { ...options, method, samples: 4 })
    ),
  ];
}

/** Examples in the support of every likelihood: levels k / 255. */
function examples(B: number, D: number): tf.Tensor2D {
  const values = Float32Array.from(random.uniform(key(1), [B, D]).dataSync(), (v) => Math.floor(v * 256) / 255);
  return tf.tensor2d(values, [B, D]);
}

function labelsOf(B: number, classes = 0): { labels?: number[] } {
  return classes > 0 ? { labels: Array.from({ length: B }, (_, i) => (i * 7 + 1) % classes) } : {};
}

function bytesOf(tree: unknown): Uint8Array[] {
  return tensorsIn(tree).map((t) => new Uint8Array(t.dataSync().slice().buffer));
}

/** A hash of three steps of training, and of all that can be asked afterwards. */
export async function hashOf({ config, B = 9, objective = {}, optimizer = { learningRate: 0.01 } }: Case) {
  const parts: Uint8Array[] = [];
  tf.tidy(() => {
    const x = examples(B, config.input as number), own = labelsOf(B, config.classes);
    let state: State = init(config, { key: key(0), optimizer });
    parts.push(...bytesOf(state.params));
    if (B > 1 || !config.batchNorm) {
      for (let i = 0; i < 3; i++) {
        const [next, { loss, reconstruction, kl }] = step(state, x, { key: foldIn(key(2), i), ...own, ...objective });
        parts.push(new Uint8Array(Float64Array.of(loss, reconstruction, kl).buffer));
        state = next;
      }
    }
    parts.push(...bytesOf(state.params), ...bytesOf(state.average), ...bytesOf(answers(state, x, own, objective)));
  });
  return await digest(parts);
}

/** A hash of what a checkpoint's model says, of a step that goes on from it, and of its moments. */
export async function checkpointHash(file: Uint8Array): Promise<string> {
  const parts: Uint8Array[] = [];
  tf.tidy(() => {
    const state = load(file), own = labelsOf(9, EVERYTHING.classes), x = examples(9, 90);
    const [next] = step(state, x, { key: key(4), ...own });
    for (const { params, average } of [state, next]) parts.push(...bytesOf(params), ...bytesOf(average));
    parts.push(...bytesOf(answers({ ...next, params: averaged(next) }, x, own, {})));
  });
  return await digest(parts);
}
