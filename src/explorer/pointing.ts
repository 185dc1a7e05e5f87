/** Where arrow keys point on the screen: right, and down. */
export const ARROWS: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * Follows a pointer that is held down on an element, also beyond its borders.
 *
 * @param element The element.
 * @param signal Ends it.
 * @param moved Called where the pointer is set down, and wherever it goes from there: in parts of the element's width and
 * height, from the top left.
 */
export function onDrag(
  element: HTMLElement,
  signal: AbortSignal,
  moved: (x: number, y: number, setDown: boolean) => void,
): void {
  const follow = ({ clientX, clientY }: PointerEvent, setDown: boolean) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    moved((clientX - left) / width, (clientY - top) / height, setDown);
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    follow(event, true);
  }, { signal });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) follow(event, false);
  }, { signal });
}
