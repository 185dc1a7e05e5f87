/**
 * Every model of the family once more in float64, from plain arrays and as the formulas stand in the papers: convolutions
 * pixel by pixel, batch normalization column by column, labels, all likelihoods. Nothing of it is shared with src/ but the
 * names of parameters.
 */
import type { Activation, Config, LikelihoodName, Tensors } from "../../mod.ts";
import { leaves, names } from "../../src/vae/layout.ts";
import { FORMULAS } from "../vae/likelihood_formulas.ts";
import { type Array64, erf } from "./reference.ts";

/** A tree's values by name, such as `encoder.conv.0.norm.scale`. */
export type Values = Map<string, Float64Array>;

/** Examples and their labels. */
export type Batch64 = { readonly x: Array64; readonly labels?: readonly number[] };

/** Where a model is run: its parameters, labels, and what batch normalization goes by; it leaves statistics. */
export type Run = {
  readonly config: Config;
  readonly values: Values;
  readonly labels?: readonly number[];
  readonly training: boolean;
  /** Mean and unbiased variance of what each normalization was given. */
  readonly statistics: Values;
};

/** The values of a tree of tensors. */
export function valuesOf(tree: Tensors): Values {
  const tensors = leaves(tree);
  return new Map(names(tree).map((name, i) => [name, Float64Array.from(tensors[i].dataSync())]));
}

/** A run of a model over some examples. */
export function runOf(config: Config, values: Values, labels: readonly number[] | undefined, training = true): Run {
  return { config, values, labels, training, statistics: new Map() };
}

const ACTIVATIONS: Record<Activation, (x: number) => number> = {
  identity: (x) => x,
  relu: (x) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  elu: (x) => x > 0 ? x : Math.expm1(x),
  gelu: (x) => x * (1 + erf(x / Math.SQRT2)) / 2,
  "leaky-relu": (x) => x > 0 ? x : 0.2 * x,
  silu: (x) => x / (1 + Math.exp(-x)),
};

type Size = readonly [height: number, width: number];

function zeros(rows: number, cols: number): Array64 {
  return { rows, cols, values: new Float64Array(rows * cols) };
}

/** Adds the bias to what has its channels last, and applies the activation. */
function finish({ values }: Array64, bias: Float64Array, activation: Activation): void {
  values.forEach((v, i) => values[i] = ACTIVATIONS[activation](v + bias[i % bias.length]));
}

function dense({ values }: Run, name: string, x: Array64, activation: Activation = "identity"): Array64 {
  const kernel = values.get(`${name}.kernel`)!, bias = values.get(`${name}.bias`)!, y = zeros(x.rows, bias.length);
  for (let r = 0; r < x.rows; r++) {
    for (let i = 0; i < x.cols; i++) {
      for (let o = 0; o < y.cols; o++) {
        y.values[r * y.cols + o] += x.values[r * x.cols + i] * kernel[i * y.cols + o];
      }
    }
  }
  finish(y, bias, activation);
  return y;
}

/**
 * Pairs of places under a kernel of 4 x 4 with stride 2 and padding 1: (oy, ox) of the small image sees (2 oy - 1 + ky,
 * 2 ox - 1 + kx) of the large one.
 */
function eachPair(small: Size, large: Size, body: (small: number, large: number, tap: number) => void): void {
  for (let s = 0; s < small[0] * small[1]; s++) {
    for (let tap = 0; tap < 16; tap++) {
      const y = 2 * Math.floor(s / small[1]) - 1 + Math.floor(tap / 4), x = 2 * (s % small[1]) - 1 + tap % 4;
      if (y >= 0 && y < large[0] && x >= 0 && x < large[1]) body(s, y * large[1] + x, tap);
    }
  }
}

/** A convolution from `large` to `small`, or transposed the other way. */
function conv(
  { values }: Run,
  name: string,
  x: Array64,
  { small, large, transposed }: { small: Size; large: Size; transposed: boolean },
  activation: Activation,
): Array64 {
  const kernel = values.get(`${name}.kernel`)!, bias = values.get(`${name}.bias`)!, O = bias.length;
  const [from, to] = transposed ? [small, large] : [large, small], C = x.cols / (from[0] * from[1]);
  const y = zeros(x.rows, to[0] * to[1] * O);
  for (let b = 0; b < x.rows; b++) {
    eachPair(small, large, (s, l, tap) => {
      const [here, there] = transposed ? [s, l] : [l, s];
      for (let c = 0; c < C; c++) {
        for (let o = 0; o < O; o++) {
          const weight = kernel[transposed ? (tap * O + o) * C + c : (tap * C + c) * O + o];
          y.values[b * y.cols + there * O + o] += weight * x.values[b * x.cols + here * C + c];
        }
      }
    });
  }
  finish(y, bias, activation);
  return y;
}

/** Batch normalization, where the layer has it, over all that has the channel last. */
function normalized({ values, training, statistics }: Run, name: string, x: Array64): Array64 {
  const [scale, offset, mean, variance] = ["scale", "offset", "mean", "variance"]
    .map((part) => values.get(`${name}.norm.${part}`)!);
  if (!scale) return x;
  const C = scale.length, n = x.values.length / C, m = new Float64Array(C), v = new Float64Array(C);
  x.values.forEach((value, i) => m[i % C] += value / n);
  x.values.forEach((value, i) => v[i % C] += (value - m[i % C]) ** 2 / n);
  statistics.set(`${name}.norm.mean`, m);
  statistics.set(`${name}.norm.variance`, v.map((value) => n > 1 ? value * n / (n - 1) : value));
  const [center, spread] = training ? [m, v] : [mean, variance];
  const y = x.values.map((value, i) => {
    const c = i % C;
    return (value - center[c]) / Math.sqrt(spread[c] + Math.fround(1e-5)) * scale[c] + offset[c];
  });
  return { ...x, values: y };
}

/** [x, embedding or one-hot of the label]; rows beyond the labels begin with the first one anew. */
function joined({ config, values, labels }: Run, part: "encoder" | "decoder", x: Array64): Array64 {
  if (config.classes === 0) return x;
  const E = config.embedding || config.classes, table = values.get(`${part}.embedding`);
  const y = zeros(x.rows, x.cols + E);
  for (let r = 0; r < x.rows; r++) {
    const label = labels![r % labels!.length];
    y.values.set(x.values.subarray(r * x.cols, (r + 1) * x.cols), r * y.cols);
    for (let e = 0; e < E; e++) {
      y.values[r * y.cols + x.cols + e] = table ? table[label * E + e] : Number(e === label);
    }
  }
  return y;
}

/** An image's size, and after each of so many halvings. */
function sizes({ image }: Config, layers: number): Size[] {
  const list: Size[] = [[image?.[0] ?? 1, image?.[1] ?? 1]];
  for (let i = 0; i < layers; i++) list.push([Math.floor(list[i][0] / 2), Math.floor(list[i][1] / 2)]);
  return list;
}

/** q(z | x): mean and log-variance. */
export function encode64(run: Run, x: Array64): { mean: Array64; logVar: Array64 } {
  const { channels, hidden, activation } = run.config.encoder, scales = sizes(run.config, channels.length);
  let h = x;
  channels.forEach((_, i) => {
    const name = `encoder.conv.${i}`, shape = { large: scales[i], small: scales[i + 1], transposed: false };
    h = normalized(run, name, conv(run, name, h, shape, activation));
  });
  h = joined(run, "encoder", h);
  hidden.forEach((_, i) =>
    h = normalized(run, `encoder.hidden.${i}`, dense(run, `encoder.hidden.${i}`, h, activation))
  );
  const mean = dense(run, "encoder.mean", h), logVar = dense(run, "encoder.logVar", h);
  return { mean, logVar: { ...logVar, values: logVar.values.map((v) => Math.min(20, Math.max(-30, v))) } };
}

/** The decoder's outputs, [B, D P]. */
export function decode64(run: Run, z: Array64): Array64 {
  const { channels, hidden, activation } = run.config.decoder, scales = sizes(run.config, channels.length);
  const layers = hidden.length + Number(channels.length > 0);
  let h = joined(run, "decoder", z);
  for (let i = 0; i < layers; i++) {
    h = normalized(run, `decoder.hidden.${i}`, dense(run, `decoder.hidden.${i}`, h, activation));
  }
  if (channels.length === 0) return dense(run, "decoder.output", h);
  channels.forEach((_, i) => {
    const at = channels.length - i, shape = { large: scales[at - 1], small: scales[at], transposed: true };
    const last = at === 1, name = last ? "decoder.output" : `decoder.conv.${i}`;
    h = normalized(run, name, conv(run, name, h, shape, last ? "identity" : activation));
  });
  return h;
}

/** -log p(x | outputs) of each row, whose example is that of row modulo the examples. */
export function nll64({ config, values }: Run, outputs: Array64, x: Array64): Float64Array {
  const P = outputs.cols / x.cols, { likelihood, variance } = config, sums = new Float64Array(outputs.rows);
  const logVar = values.get("decoder.logVar")?.[0] ?? Math.log(variance);
  for (let i = 0; i < outputs.rows * x.cols; i++) {
    const value = x.values[i % x.values.length], given = [...outputs.values.subarray(i * P, (i + 1) * P)];
    sums[Math.floor(i / x.cols)] += valueNll(likelihood, given, value, logVar);
  }
  return sums;
}

/** -log p(x | outputs) of one value; log((e^l - 1) / l) of the continuous Bernoulli by its series around 0. */
export function valueNll(name: LikelihoodName, outputs: readonly number[], x: number, logVar: number): number {
  if (name !== "continuous-bernoulli") return FORMULAS[name].nll(outputs, x, logVar);
  const [l] = outputs;
  return (Math.abs(l) < 1e-2 ? l / 2 + l ** 2 / 24 - l ** 4 / 2880 : Math.log(Math.expm1(l) / l)) - l * x;
}
