import { withoutControls } from './plain-text.js';

/** HTML that may go into a page as it is: made by `html`, never from a string of a results file. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupPart = string | number | Markup | undefined | readonly (Markup | undefined)[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it must stand in an element or in a quoted attribute; it cannot turn the direction of what follows it. */
export function escapeText(text: string): string {
  return withoutControls(text).replace(/[&<>"']/g, (char) => ESCAPES[char] as string);
}

/**
 * Template for HTML. Whatever is put in is text and is escaped; only Markup goes in as it is. Attribute values must
 * stand in double quotes.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly MarkupPart[]): Markup {
  let text = strings[0] as string;
  parts.forEach((part, i) => {
    text += render(part) + (strings[i + 1] as string);
  });
  return new Markup(text);
}

function render(part: MarkupPart): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map((item) => item?.text ?? '').join('');
  return escapeText(String(part));
}
