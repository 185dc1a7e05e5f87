/**
 * Charts as SVG text: the only file which imports a charting library.
 *
 * @module
 */
// The production build of ECharts in one file: the modular one asks for NODE_ENV, hence for a permission.
// @ts-types="npm:echarts@6.1.0"
import { type EChartsOption, init } from "npm:echarts@6.1.0/dist/echarts.esm.min.mjs";

/** What a chart shows and how: https://echarts.apache.org/en/option.html */
export type ChartOption = EChartsOption;

/** Width and height of a chart in pixels. */
export type ChartSize = { readonly width: number; readonly height: number };

/**
 * One chart as SVG text, without what the library numbers through the process: hover styles, and ids of clip paths. Equal
 * arguments give equal text.
 *
 * @param size Pixels.
 * @param option What it shows; colours may be CSS variables, such as `var(--ink)`.
 * @returns The text of an SVG file.
 */
export function render(size: ChartSize, option: ChartOption): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption(option);
    return chart.renderToSVGString()
      .replace(/<style >.*<\/style>\n/s, "")
      .replaceAll(/ class="zr\d+-cls-\d+"/g, "")
      .replaceAll(/ ecmeta_\w+="[^"]*"/g, "")
      .replaceAll(/(id="|url\(#)zr\d+-/g, "$1");
  } finally {
    chart.dispose();
  }
}
