import { refuse } from "./refusal.ts";

/** Bytes up to which a body is parsed whatever it is: that takes no longer than a slice of work. */
const SHORT = 1 << 16;

/** Most names and texts of a body; it needs four, and what is wrong with a few more is said better once they are parsed. */
const NAMES = 64;

const [QUOTE, COLON, COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [...'":,[]{}'].map((c) =>
  c.charCodeAt(0)
);

/**
 * Checks, before JSON is parsed, that a long body has the structure of a question: rows in an array, in an object, and no
 * more of them than there may be. Two mebibytes of rows are parsed in 10 ms, but of brackets in 200, in which nothing else
 * could be answered. Characters in names count, too, since no name of a question has such.
 *
 * @param bytes The body.
 * @param maxRows Most rows that it may have.
 * @param cols The numbers of a row.
 * @throws {Refusal} 400 if there are arrays within rows, or more than a few names; 413 if there are too many arrays or numbers.
 */
export function checkStructure(bytes: Uint8Array, maxRows: number, cols: number): void {
  if (bytes.length <= SHORT) return;
  // A label for each row, too.
  const most = maxRows * (cols + 2) + NAMES;
  let depth = 0, opened = 0, names = 0, numbers = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === COMMA) numbers++;
    else if (byte === QUOTE || byte === COLON) names++;
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth++;
      opened++;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    else continue;
    if (depth > 3) throw wrong(400, "rows of numbers", "arrays within rows");
    if (names > 3 * NAMES) throw wrong(400, "rows of numbers", "more than a few names");
    // The object, the rows together, and the labels.
    if (opened > maxRows + 3) throw wrong(413, `at most ${maxRows} rows`, "more");
  }
  if (numbers > most) throw wrong(413, `at most ${maxRows} rows of ${cols} numbers`, "more");
}

function wrong(status: number, wanted: string, got: string) {
  return refuse(status, "Cannot read the body", wanted, got);
}
