import { axis, PLOT, TEXT } from "./axis.ts";
import { render } from "./chart.ts";
import { type EpochTerms, MARKED, SETS, type Terms } from "./curve.ts";
import { classColor, INK } from "./theme.ts";

const SIZE = { width: 400, height: 300 };

/**
 * One term of the loss over the epochs, train and test, in the report's colours.
 *
 * @param epochs At least one, in rising order of `epoch`; nats per example. A value which is not finite leaves a gap.
 * @param term Which term.
 * @param title What it is called.
 * @returns The text of an SVG file, for `inlineSvg`.
 */
export function termChart(epochs: readonly EpochTerms[], term: keyof Terms, title: string): string {
  const first = epochs[0]!.epoch, last = epochs[epochs.length - 1]!.epoch, single = first === last;
  return render(SIZE, {
    animation: false,
    textStyle: TEXT,
    title: { text: title, left: 4, top: 0, textStyle: { ...TEXT, fontSize: 14, fontWeight: "bold", color: INK } },
    legend: { right: 8, top: 0, itemWidth: 32, itemGap: 16, textStyle: TEXT },
    grid: { ...PLOT, top: 36 },
    xAxis: axis("epoch", {
      min: single ? first - 1 : first,
      max: single ? first + 1 : last,
      step: 1,
      label: (epoch) => single && epoch !== first ? "" : `${epoch}`,
    }),
    yAxis: axis("nats per image", { lines: true, gap: 44, step: 0.01 }),
    series: SETS.map(({ name, line, mark }, i) => ({
      type: "line" as const,
      name,
      data: epochs.map((entry) => [entry.epoch, Number.isFinite(entry[name][term]) ? entry[name][term] : null]),
      symbol: mark,
      symbolSize: 7,
      showSymbol: epochs.length <= MARKED,
      showAllSymbol: true,
      clip: false,
      lineStyle: { width: 2, type: line as "solid" | number[] },
      itemStyle: { color: classColor(i) },
    })),
  });
}
