import type { LatentStatistics } from "../latent.ts";
import { axis, PLOT, TEXT } from "./axis.ts";
import { render } from "./chart.ts";
import { classColor, EDGE } from "./theme.ts";

const SIZE = { width: 440, height: 340 };

/** Bars at most: of more, a phone shows no single one. */
export const MOST_BARS = 64;

/** The dimensions of the code, that of most KL first; where two are equal, the lower. */
export function byKl({ kl }: LatentStatistics): number[] {
  return Array.from(kl, (_, j) => j).sort((a, b) => kl[b]! - kl[a]! || a - b);
}

/**
 * The KL of each dimension as a bar, the largest first; those of active units in colour, the others gray.
 *
 * @param statistics Of a dataset.
 * @param active Which dimensions are active.
 * @returns The text of an SVG file, for `inlineSvg`.
 */
export function klChart(statistics: LatentStatistics, active: (dimension: number) => boolean): string {
  const shown = byKl(statistics).slice(0, MOST_BARS);
  return render(SIZE, {
    animation: false,
    textStyle: TEXT,
    grid: { ...PLOT, top: 12 },
    xAxis: {
      ...axis("dimension of z, most KL first"),
      type: "category",
      data: shown.map(String),
      axisTick: { show: false },
      axisLabel: { ...TEXT, fontSize: 11, interval: shown.length <= 20 ? 0 : "auto" },
    },
    yAxis: axis("nats per image", { lines: true, gap: 40, min: 0 }),
    series: [{
      type: "bar",
      barMaxWidth: 28,
      barCategoryGap: "20%",
      data: shown.map((j) => ({
        value: Number.isFinite(statistics.kl[j]) ? statistics.kl[j] : 0,
        itemStyle: { color: active(j) ? classColor(0) : EDGE },
      })),
    }],
  });
}
