import { axis, PLOT, TEXT } from "./axis.ts";
import { render } from "./chart.ts";
import { classColor, INK, SURFACE } from "./theme.ts";

const SIZE = { width: 440, height: 440 };

/** Points with the names of their axes. */
export type Scatter = {
  /** [N, 2], row by row. */
  readonly points: ArrayLike<number>;
  /** The class of each point; without classes all have one colour. */
  readonly labels?: Uint8Array | undefined;
  readonly names: readonly [x: string, y: string];
  /** Whether a unit is as long on both axes, as befits two coordinates of one space; then 0 is the middle. */
  readonly square: boolean;
};

/** The classes that occur, in rising order: the place of a class gives its colour. */
export function classesOf(labels: Uint8Array): number[] {
  return [...new Set(labels)].sort((a, b) => a - b);
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!;
}

/**
 * Points coloured by class, with the name of each class at the medians of its points.
 *
 * @returns The text of an SVG file, for `inlineSvg`.
 */
export function scatterChart({ points, labels, names, square }: Scatter): string {
  const all = Array.from(
    { length: points.length / 2 },
    (_, i) => [points[2 * i]!, points[2 * i + 1]!] as [number, number],
  );
  const classes = labels ? classesOf(labels) : [];
  const groups = labels ? classes.map((c) => all.filter((_, i) => labels[i] === c)) : [all];
  // An even number, so that labels two apart meet both ends.
  const reach = square
    ? 2 * Math.ceil(Math.max(1, ...all.flat().map(Math.abs).filter(Number.isFinite)) / 2)
    : undefined;
  const range = reach === undefined ? {} : { min: -reach, max: reach };
  return render(SIZE, {
    animation: false,
    textStyle: TEXT,
    grid: PLOT,
    xAxis: axis(names[0], { ...range, lines: true }),
    yAxis: axis(names[1], { ...range, lines: true, gap: 40 }),
    series: [
      // One path a class instead of one a point: a tenth of the bytes.
      ...groups.map((data, place) => ({
        type: "scatter" as const,
        large: true,
        largeThreshold: 1,
        symbolSize: 4,
        data,
        itemStyle: { color: classColor(place), opacity: 0.8 },
      })),
      {
        type: "scatter" as const,
        symbolSize: 0,
        data: classes.map((c, place) => ({
          name: `${c}`,
          value: ([0, 1] as const).map((axis) => median(groups[place]!.map((point) => point[axis]))),
        })),
        itemStyle: { opacity: 1 },
        label: {
          show: true,
          position: "inside" as const,
          formatter: "{b}",
          fontSize: 18,
          fontWeight: "bold" as const,
          color: INK,
          textBorderColor: SURFACE,
          textBorderWidth: 4,
        },
        z: 3,
      },
    ],
  });
}
