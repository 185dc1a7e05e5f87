/**
 * Colours and style of the report, light and dark, on a phone and on a screen. Charts name colours by the variables that
 * are set here, so one chart serves both.
 *
 * @module
 */

/**
 * Ten colours for ten classes on white; the first two, Okabe and Ito's blue and vermilion, are the train and test sets of
 * all curves. Any two are 0.10 or more apart in OKLab as seen with normal, deuteranopic and protanopic vision (Machado et
 * al. 2009), and each has a contrast of 2.2 or more to white.
 */
const LIGHT = "#0072b2 #d55e00 #409467 #710358 #a5b2a0 #67411b #ff63fd #804c73 #aeb50d #30a0c6".split(" ");

/** The same hues on black as far as they can be told apart there: 0.08 or more, with a contrast of 3 or more. */
const DARK = "#4aa3df #f07c2e #378f7b #f43a54 #a5b2a0 #597a0b #ff68ff #83558c #c1cc3d #566cf1".split(" ");

/** Variables for text, secondary text, lines of a chart, its axes, and what lies behind all. */
export const INK = "var(--ink)", SOFT = "var(--soft)", LINE = "var(--line)", EDGE = "var(--edge)";
export const SURFACE = "var(--surface)";

/** The colour of a class, by its place among all; after ten they repeat. */
export function classColor(place: number): string {
  return `var(--c${place % LIGHT.length})`;
}

function variables(entries: Readonly<Record<string, string>>, palette: readonly string[]): string {
  const all = [...Object.entries(entries), ...palette.map((color, i) => [`c${i}`, color])];
  return all.map(([name, value]) => `--${name}:${value}`).join(";");
}

const LIGHT_PAGE = { surface: "#fff", ink: "#1b1d22", soft: "#5a5f6a", line: "#e2e4e9", edge: "#8d939e" };
const DARK_PAGE = { surface: "#16181d", ink: "#eceef2", soft: "#a6acb8", line: "#31353d", edge: "#757c89" };

/** The style sheet. */
export const STYLE = `
:root { color-scheme: light dark; ${variables(LIGHT_PAGE, LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK_PAGE, DARK)} } }
* { box-sizing: border-box }
body { margin: 0; background: var(--surface); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 1080px; margin: 0 auto; padding: 24px 16px 64px }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 28px 0 10px; padding-top: 14px; border-top: 1px solid var(--line) }
p, figcaption { max-width: 46rem; margin: 0 0 16px; color: var(--soft) }
figure { margin: 0 0 24px }
figcaption { margin: 8px 0 0; font-size: .875rem }
a { color: inherit }
nav ul, .legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 0 0 16px; padding: 0; list-style: none }
img { display: block; max-width: 100%; height: auto; image-rendering: pixelated }
svg { display: block; width: 100%; height: auto; overflow: visible; font-variant-numeric: tabular-nums }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 0 40px }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 0 24px }
.chart { max-width: 520px }
.key { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 16px 0 }
.key div { display: flex; flex-direction: column-reverse }
.key dt { color: var(--soft); font-size: .875rem }
.key dd { margin: 0; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums }
.rows { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 3px 10px; align-items: center; width: fit-content; max-width: 100% }
.rows > span { color: var(--soft); font-size: .8125rem; text-align: right }
.rows > .space { grid-column: 1 / -1; height: 8px }
.scale { display: flex; justify-content: space-between; color: var(--soft); font-size: .8125rem; padding: 0 2% }
.legend { font-size: .875rem }
.legend li { display: flex; align-items: center; gap: 6px }
.legend i { width: 12px; height: 12px; border-radius: 50% }
.settings { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 0 40px; margin: 0 }
.settings div { display: flex; gap: 16px; padding: 6px 0; border-bottom: 1px solid var(--line) }
.settings dt { flex: 0 0 9rem; color: var(--soft) }
.settings dd { margin: 0; overflow-wrap: anywhere }
details { margin: 8px 0 }
summary { cursor: pointer; color: var(--soft); font-size: .875rem }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums }
th, td { padding: 4px 16px 4px 0; text-align: right; border-bottom: 1px solid var(--line) }
`;
