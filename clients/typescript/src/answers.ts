/** Figures that come in headers. */

const STAGE = /([\w-]+);dur=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)/g;
const FIGURE = /(\w+)=(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/g;

/** Returns the milliseconds by stage of `Server-Timing`. */
export function timingsOf(headers: Headers): Record<string, number> {
  return numbers(headers.get("server-timing"), STAGE);
}

/** Returns the figures of `X-Semblant-Quality`, of several faces the worst of each. */
export function qualityOf(headers: Headers): Record<string, number> {
  return numbers(headers.get("x-semblant-quality"), FIGURE);
}

/** Returns the names in `X-Semblant-Warnings`. */
export function warningsOf(headers: Headers): string[] {
  const text = headers.get("x-semblant-warnings") ?? "none";
  return text === "none" ? [] : text.split(",").map((name) => name.trim());
}

/** Returns a count that a header holds; undefined if it does not. */
export function countOf(headers: Headers, name: string): number | undefined {
  const text = headers.get(name) ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function numbers(text: string | null, pattern: RegExp): Record<string, number> {
  const found = (text ?? "").matchAll(pattern);
  return Object.fromEntries(Array.from(found, ([, name, value]) => [name, Number(value)]));
}
