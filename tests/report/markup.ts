/** What every page has to be, whatever it shows. */
import { assert, assertEquals } from "../assert.ts";

/** Elements that have no end tag in HTML. */
const VOID = new Set("area base br col embed hr img input link meta source track wbr".split(" "));

/** The tags of a page, each with its attributes; fails unless they are balanced and every attribute is quoted. */
export function tagsOf(page: string): { name: string; attributes: Record<string, string> }[] {
  const open: string[] = [], tags = [];
  const text = page.replace(/^<!DOCTYPE html>\n/, "").replace(/<style>[^<]*<\/style>/, "");
  assert(!/<!|<\?|<script/i.test(text), "no comment, instruction or script");
  for (const [tag, end, name, rest] of text.matchAll(/<(\/?)([a-zA-Z][\w-]*)([^<>]*)>/g)) {
    if (end) {
      assertEquals(open.pop(), name, `${tag} closes another element`);
      continue;
    }
    const attributes = [...rest.matchAll(/\s([\w:-]+)="([^"]*)"/g)];
    assertEquals(rest.replaceAll(/\s[\w:-]+="[^"]*"/g, "").trim(), "", tag);
    tags.push({ name, attributes: Object.fromEntries(attributes.map(([, key, value]) => [key, value])) });
    if (!VOID.has(name)) open.push(name);
  }
  assertEquals(open, []);
  // What is left is text: no bracket or ampersand in it that is not written as an entity.
  const left = text.replaceAll(/<\/?[a-zA-Z][^<>]*>/g, "");
  assert(!/[<>]|&(?!(amp|lt|gt|quot|#39);)/.test(left), left.match(/.{20}[<>&].{20}/)?.[0]);
  return tags;
}

/** Fails unless the page is whole in itself, can be read aloud, and is not damaged. */
export function checkPage(page: string): void {
  assert(page.startsWith('<!DOCTYPE html>\n<html lang="en">') && page.endsWith("</html>\n"));
  const text = page.replaceAll(/base64,[\w+/=]*/g, "");
  assert(!/https?:|\burl\((?!#)|@import|NaN|undefined|Infinity/.test(text), "it loads something, or shows no number");
  const tags = tagsOf(page), named = (name: string) => tags.filter((tag) => tag.name === name);
  const ids = tags.flatMap(({ attributes }) => attributes.id ?? []);
  assertEquals(ids.length, new Set(ids).size, "an id stands twice");
  for (const { name, attributes } of tags) {
    for (const key of ["src", "href", "srcset", "data", "xlink:href"]) {
      if (key in attributes) assert(/^(data:|#)/.test(attributes[key]), `${name} ${key}=${attributes[key]}`);
    }
    for (const value of Object.values(attributes)) {
      for (const [, id] of value.matchAll(/url\(#([^)]*)\)/g)) assert(ids.includes(id), `no ${id}`);
    }
    assert(!Object.keys(attributes).some((key) => key.startsWith("on")), "a script");
  }
  for (const { attributes } of named("img")) {
    assert(attributes.alt.length > 10 && Number(attributes.width) > 0 && Number(attributes.height) > 0);
    assert(attributes.src.startsWith("data:image/png;base64,iVBORw0KGgo"));
  }
  const charts = named("svg").map(({ attributes }) => attributes);
  for (const { role, viewBox, ...rest } of charts) assert(role === "img" && viewBox && rest["aria-label"].length > 10);
  for (const { attributes } of named("a")) assert(ids.includes(attributes.href.slice(1)));
  assertEquals([named("h1").length, named("main").length, named("title").length], [1, 1, 1]);
  assertEquals(named("figure").length, named("figcaption").length);
}

/** The titles of a page's sections, in order. */
export function titlesOf(page: string): string[] {
  return [...page.matchAll(/<h2[^>]*>(.*?)<\/h2>/g)].map(([, title]) => title);
}
