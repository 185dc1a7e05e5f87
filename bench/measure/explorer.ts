/**
 * The explorer in Chromium while a slider or the plane is dragged: every frame the code changes, and with a slider all 225
 * images of the map. Frames a second, and milliseconds from one frame to the next: the median, the 99th percentile, the
 * most.
 */
import type { Page } from "../chromium.ts";
import { modelFile } from "../edge_model.ts";
import { withPage } from "../explorer_page.ts";
import { readFlags } from "../flags.ts";
import { print } from "../result.ts";

const { frames, quick } = readFlags({ frames: 600, quick: false });

/** Changes the page with every frame, and tells when the frames came. */
async function drag(page: Page, target: "slider" | "plane", frames: number): Promise<number[]> {
  return await page.evaluate(({ target, frames }) =>
    new Promise<number[]>((done) => {
      const slider = document.querySelector<HTMLInputElement>("#sliders input")!;
      const plane = document.getElementById("plane")!, box = plane.getBoundingClientRect(), times: number[] = [];
      // What a held pointer does: the page asks whether it is.
      plane.hasPointerCapture = () => true;
      const frame = (now: number) => {
        times.push(now);
        if (times.length > frames) return done(times);
        const angle = times.length / 20;
        if (target === "slider") {
          slider.value = String(3 * Math.sin(angle));
          slider.dispatchEvent(new Event("input"));
        } else {
          const clientX = box.left + box.width * (0.5 + 0.4 * Math.cos(angle));
          plane.dispatchEvent(
            new PointerEvent("pointermove", { clientX, clientY: box.top + box.height * (0.5 + 0.4 * Math.sin(angle)) }),
          );
        }
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    }), { target, frames });
}

await withPage(modelFile(), { width: 1200, height: 900 }, async (page) => {
  for (const target of ["slider", "plane"] as const) {
    await drag(page, target, 100); // warms up
    const times = await drag(page, target, quick ? 60 : frames);
    const gaps = times.slice(1).map((time, i) => time - times[i]).toSorted((a, b) => a - b);
    const at = (share: number) => gaps[Math.floor(share * (gaps.length - 1))];
    const fps = 1000 * gaps.length / (times.at(-1)! - times[0]);
    print({ measure: "explorer", target, fps, median: at(0.5), p99: at(0.99), max: at(1) });
  }
});
