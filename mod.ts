/**
 * Variational autoencoders, trained and run on the multithreaded WebAssembly-SIMD backend of TensorFlow.js.
 *
 * @example
 * ```ts
 * import { foldIn, generate, init, key, random, step } from "@elbo/elbo";
 * import assert from "node:assert/strict";
 *
 * let state = init({ input: 16, hidden: [32], latent: 2 }, { key: key(0) });
 * const batch = random.uniform(key(1), [64, 16]);
 * for (let i = 0; i < 10; i++) [state] = step(state, batch, { key: foldIn(key(2), state.step), donate: true });
 * assert.deepEqual(generate(state.params, { n: 4, key: key(3) }).shape, [4, 16]);
 * ```
 *
 * @module
 */
export { type Simd, start, type StartOptions, type Status, stop } from "./src/backend/start.ts";
export * as tf from "./src/backend/tf.ts";
export type { Owned } from "./src/backend/tf.ts";
export { foldIn, type Key, key, split } from "./src/random.ts";
export * as random from "./src/api/random.ts";
export * as schedule from "./src/schedule.ts";
export type { Schedule } from "./src/schedule.ts";
export { init, type InitOptions } from "./src/api/init.ts";
export { averaged, dispose, type Keyed, type Params, type State, type Tensors } from "./src/api/state.ts";
export { decode, encode, type Posterior, sample } from "./src/api/infer.ts";
export { generate, reconstruct } from "./src/api/generate.ts";
export { type AnomalyOptions, anomalyScore } from "./src/api/anomaly.ts";
export { likelihood, type LikelihoodOf } from "./src/api/likelihood.ts";
export type { Labelled } from "./src/api/examples.ts";
export type { Objective, ObjectiveName } from "./src/vae/objective.ts";
export {
  elbo,
  type ElboOptions,
  loss,
  LossError,
  type LossOptions,
  type Metrics,
  type ModeOptions,
  perExampleLoss,
} from "./src/api/loss.ts";
export { interpolate, type InterpolateOptions } from "./src/api/interpolate.ts";
export type { Interpolation } from "./src/vae/ways.ts";
export { traverse, type TraverseOptions } from "./src/api/traverse.ts";
export type { CodeTensor } from "./src/api/codes.ts";
export { type DonateOptions, gradients, step, update } from "./src/api/step.ts";
export type { Adam } from "./src/optimizer.ts";
export type { Activation } from "./src/kernels/activation.ts";
export type { Config, ConfigOptions, Hidden, ImageShape } from "./src/vae/config.ts";
export type { BatchNorm } from "./src/layers/batch_norm.ts";
export type { Dense, Layer, Network, Parameter, Shape } from "./src/vae/layout.ts";
export type { LikelihoodName } from "./src/vae/likelihood.ts";
export { type Preset, preset, type PresetName, type PresetOptions } from "./src/vae/preset.ts";
export { load, save, type SaveOptions } from "./src/api/save.ts";
export { CheckpointError } from "./src/checkpoint_error.ts";
export { batch, type BatchOptions, type Binarize, dataset } from "./src/api/batch.ts";
export type { Dataset } from "./src/data/dataset.ts";
export { DataError } from "./src/data/data_error.ts";
export { decompress, type DecompressOptions } from "./src/data/gunzip.ts";
export { type Idx, readIdx } from "./src/data/idx.ts";
export type { HoldOut, Images, Split } from "./src/data/images.ts";
export { loadMnist } from "./src/data/mnist.ts";
export { loadImages, type LoadImagesOptions } from "./src/data/folder.ts";
export { evaluate, type EvaluateOptions, type Evaluation, type Sums } from "./src/evaluate.ts";
export { type LatentOptions, type LatentStatistics, latentStatistics } from "./src/latent.ts";
export type { Course } from "./src/course.ts";
export { type EpochEvent, type StepEvent, train, type TrainOptions } from "./src/train.ts";
export { unreached } from "./src/unreached.ts";
