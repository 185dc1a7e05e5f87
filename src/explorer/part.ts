/**
 * A part of the page.
 *
 * @param id Its id.
 * @param type What it is.
 * @throws {Error} If the page has no such part.
 */
export function part<T extends HTMLElement>(id: string, type: { new (): T; readonly name: string }): T {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`Cannot find #${id}: expected ${type.name}, got ${found?.tagName ?? "none"}`);
}
