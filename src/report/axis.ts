import { EDGE, LINE, SOFT } from "./theme.ts";

/** What an axis of the report needs to be told besides its name. */
export type AxisOptions = {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Lines across the chart; default only from the vertical axis. */
  readonly lines?: boolean | undefined;
  /** Pixels between the axis and its name. */
  readonly gap?: number | undefined;
  /** Least step between two labels. */
  readonly step?: number | undefined;
  /** About so many labels. */
  readonly labels?: number | undefined;
  readonly label?: ((value: number) => string) | undefined;
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
    ...min !== undefined && { min },
    ...max !== undefined && { max },
    scale: true,
    ...step !== undefined && { minInterval: step },
    splitNumber: labels,
    axisLine: { show: true, onZero: false, lineStyle: { color: EDGE } },
    axisTick: { show: true, lineStyle: { color: EDGE } },
    splitLine: { show: lines, lineStyle: { color: LINE } },
    axisLabel: { ...TEXT, hideOverlap: true, ...label && { formatter: label } },
  };
}
