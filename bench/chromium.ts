/** A browser, as Debian and others install it; tests use it, too. */
// Later versions look into files for which Deno wants all permissions.
import { type Browser, chromium } from "npm:playwright-core@1.57.0";

export type { Browser, Page } from "npm:playwright-core@1.57.0";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where Chromium is: what the environment's CHROMIUM says, or one of the usual places; undefined if nowhere. */
export function findChromium(): string | undefined {
  return [Deno.env.get("CHROMIUM"), ...PATHS].find((path) => path && exists(path));
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/**
 * Starts Chromium, without a window.
 *
 * @throws {Error} If there is none.
 */
export async function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(`Cannot find Chromium: expected CHROMIUM or one of ${PATHS.join(", ")}`);
  // Without a sandbox, which root has no right to; all that it loads is this package's.
  return await chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
