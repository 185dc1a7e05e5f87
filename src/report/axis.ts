import { EDGE, LINE, SOFT } from "./theme.ts";

/** What an axis of the report needs to be told besides its name. */
export type AxisOptions = {
  readonly min?: number;
  readonly max?: number;
  /** Lines across the chart; default only from the vertical axis. */
  readonly lines?: boolean;
  /** Pixels between the axis and its name. */
  readonly gap?: number;
  /** Least step between two labels. */
  readonly step?: number;
  /** About so many labels. */
  readonly labels?: number;
  readonly label?: (value: number) => string;
};

/** Where the plot stands in each chart of the report: what its axes' names and labels leave over. */
export const PLOT = { left: 58, right: 12, top: 12, bottom: 48, outerBoundsMode: "none" as const };

/** Text of every chart: as large as can be read where a phone makes the chart smaller. */
export const TEXT = { fontFamily: "system-ui, sans-serif", fontSize: 13, color: SOFT };

/** A numeric axis in the report's style; it follows the values, not zero, unless `min` says so. */
export function axis(name: string, options: AxisOptions = {}) {
  const { min, max, lines = false, gap = 30, step, labels = 5, label } = options;
  return {
    type: "value" as const,
    name,
    nameLocation: "middle" as const,
    nameGap: gap,
    nameTextStyle: TEXT,
    min,
    max,
    scale: true,
    minInterval: step,
    splitNumber: labels,
    axisLine: { show: true, onZero: false, lineStyle: { color: EDGE } },
    axisTick: { show: true, lineStyle: { color: EDGE } },
    splitLine: { show: lines, lineStyle: { color: LINE } },
    axisLabel: { ...TEXT, hideOverlap: true, formatter: label },
  };
}
