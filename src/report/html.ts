/**
 * The pieces that the report is put together from: text that is safe in HTML, pictures that need no other file.
 *
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML, within elements and within quoted attributes. */
export function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A part of the page under a heading of its own, which links lead to by `id`; `lead`, text, says what it is about. */
export function section(id: string, title: string, lead: string, ...content: readonly string[]): string {
  const intro = lead === "" ? "" : `<p>${escape(lead)}</p>`;
  return `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${escape(title)}</h2>${intro}${
    content.join("")
  }</section>`;
}

/** Content, which is HTML, with the text that says what is seen. */
export function figure(content: string, caption: string, kind = ""): string {
  return `<figure${kind && ` class="${kind}"`}>${content}<figcaption>${escape(caption)}</figcaption></figure>`;
}

/**
 * A PNG file as an element, with the picture in it.
 *
 * @param png The file's bytes.
 * @param alt What is seen, for those who do not see it.
 * @param zoom Pixels of the page for one of the picture, where there is room.
 */
export function image(png: Uint8Array, alt: string, zoom = 2): string {
  const view = new DataView(png.buffer, png.byteOffset); // the sizes stand in PNG's first chunk
  const [width, height] = [view.getUint32(16), view.getUint32(20)].map((size) => size * zoom);
  const url = `data:image/png;base64,${png.toBase64()}`;
  return `<img src="${url}" width="${width}" height="${height}" alt="${escape(alt)}">`;
}

/**
 * An SVG file as an element, which takes the width that there is.
 *
 * @param svg The file's text, as `render` gives it.
 * @param id Begins the ids in it, which would otherwise be those of another chart of the page, too.
 * @param label What is seen, for those who do not see it.
 */
export function inlineSvg(svg: string, id: string, label: string): string {
  const [, width, height] = svg.match(/^<svg width="(\d+)" height="(\d+)"/)!;
  const open = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(label)}">`;
  return svg.replace(/^<svg[^>]*>/, open).replaceAll(/(\bid="|url\(#)/g, `$1${id}-`).replaceAll(">\n<", "><");
}

/** A table with a heading to each column; cells are text. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((cell) => `<th scope="col">${escape(cell)}</th>`).join("");
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** A list of names and their values; both are text. */
export function definitions(entries: readonly (readonly [name: string, value: string])[], kind: string): string {
  const items = entries.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`);
  return `<dl class="${kind}">${items.join("")}</dl>`;
}
