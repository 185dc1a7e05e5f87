/**
 * Training curves as a picture.
 *
 * @module
 */
import { render } from "./chart.ts";

/** The negative ELBO and its two terms, in nats per example. */
export type Terms = { readonly loss: number; readonly reconstruction: number; readonly kl: number };

/** What is known at the end of an epoch: means over the training set and over the test set. */
export type EpochTerms = { readonly epoch: number; readonly train: Terms; readonly test: Terms };

const SIZE = { width: 1000, height: 420 };

/** The panels, left to right: the term, its title, and where its plot stands. */
const PANELS = [
  { term: "loss", title: "Loss", left: 66, width: 378 },
  { term: "reconstruction", title: "Reconstruction", left: 520, width: 190 },
  { term: "kl", title: "KL divergence", left: 786, width: 190 },
] as const;

/** Okabe and Ito's blue and vermilion, told apart with any colour vision; dashes and marks do it without colour. */
export const SETS = [
  { name: "train", color: "#0072b2", line: "solid", mark: "circle" },
  { name: "test", color: "#d55e00", line: [6, 4], mark: "diamond" },
] as const;

/** Up to so many epochs each point is marked. */
export const MARKED = 40;

/**
 * Draws the loss, the reconstruction term and the KL divergence over the epochs, train and test, in three panels of
 * 1000 by 420 pixels on white. The vertical axes follow the values, not zero. A value which is not finite leaves a gap.
 *
 * @param epochs At least one, in rising order of `epoch`, an integer; terms in nats per example (here: per image).
 * @param options `title`, a line above the panels, shortened where it does not fit.
 * @returns The text of an SVG file; equal arguments give equal text.
 * @throws {RangeError} If there is no epoch, or the epochs are not rising integers.
 *
 * @example Two epochs
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const svg = lossCurve([
 *   { epoch: 1, train: { loss: 160, reconstruction: 140, kl: 20 }, test: { loss: 130, reconstruction: 107, kl: 23 } },
 *   { epoch: 2, train: { loss: 122, reconstruction: 98, kl: 24 }, test: { loss: 116, reconstruction: 91, kl: 25 } },
 * ], { title: "MNIST" });
 * assert.match(svg, /^<svg .*<\/svg>$/s);
 * ```
 */
export function lossCurve(
  epochs: readonly EpochTerms[],
  options: { readonly title?: string | undefined } = {},
): string {
  checkEpochs(epochs);
  const first = epochs[0]!.epoch;
  const last = epochs[epochs.length - 1]!;
  const single = epochs.length === 1;
  return render(SIZE, {
    animation: false,
    backgroundColor: "#fff",
    textStyle: { fontFamily: "sans-serif", color: "#222" },
    title: [
      {
        text: options.title ?? "",
        left: 20,
        top: 12,
        textStyle: { fontSize: 17, color: "#222", width: 700, overflow: "truncate" },
      },
      ...PANELS.map(({ term, title, left }) => ({
        text: title,
        subtext: `test ${last.test[term].toFixed(2)} after epoch ${last.epoch}`,
        left: left - 5,
        top: 48,
        itemGap: 5,
        textStyle: { fontSize: 14, color: "#222" },
        subtextStyle: { fontSize: 12, color: "#666" },
      })),
    ],
    legend: {
      right: 20,
      top: 12,
      itemWidth: 36,
      textStyle: { fontSize: 13, color: "#222" },
      data: ["train", "test"],
    },
    grid: PANELS.map(({ left, width }) => ({ left, width, top: 100, height: 260, outerBoundsMode: "none" as const })),
    xAxis: PANELS.map((_, gridIndex) => ({
      type: "value" as const,
      gridIndex,
      name: "epoch",
      nameLocation: "middle" as const,
      nameGap: 28,
      min: single ? first - 1 : first,
      max: single ? first + 1 : last.epoch,
      minInterval: 1,
      splitNumber: gridIndex === 0 ? 8 : 4,
      splitLine: { show: false },
      axisLabel: {
        color: "#444",
        hideOverlap: true,
        formatter: (epoch: number) => single && epoch !== first ? "" : `${epoch}`,
      },
    })),
    yAxis: PANELS.map((_, gridIndex) => ({
      type: "value" as const,
      gridIndex,
      name: "nats per image",
      nameLocation: "middle" as const,
      nameGap: 42,
      scale: true,
      minInterval: 0.01,
      splitNumber: 5,
      axisLine: { show: true },
      axisTick: { show: true },
      splitLine: { lineStyle: { color: "#e6e6e6" } },
      axisLabel: { color: "#444" },
    })),
    series: PANELS.flatMap(({ term }, panel) =>
      SETS.map(({ name, color, line, mark }) => ({
        type: "line" as const,
        name,
        xAxisIndex: panel,
        yAxisIndex: panel,
        data: epochs.map((entry) => [entry.epoch, Number.isFinite(entry[name][term]) ? entry[name][term] : null]),
        symbol: mark,
        symbolSize: name === "test" ? 7 : 6,
        showSymbol: epochs.length <= MARKED,
        showAllSymbol: true,
        clip: false,
        lineStyle: { width: 2, type: line as "solid" | number[] },
        itemStyle: { color },
      }))
    ),
  });
}

function checkEpochs(epochs: readonly EpochTerms[]): void {
  if (epochs.length === 0) throw new RangeError("Cannot draw the loss curve: expected at least one epoch, got 0");
  for (let i = 0; i < epochs.length; i++) {
    if (!Number.isInteger(epochs[i]!.epoch) || (i > 0 && epochs[i]!.epoch <= epochs[i - 1]!.epoch)) {
      const got = epochs.slice(Math.max(i - 1, 0), i + 1).map(({ epoch }) => epoch).join(", ");
      throw new RangeError(`Cannot draw the loss curve: expected epochs to be rising integers, got ${got}`);
    }
  }
}
