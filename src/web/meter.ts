import { barWidthClass } from './bar-width.js';
import { html, type Markup } from './markup.js';

/** A bar with its words. The words carry the value; the bar only shows it, and is hidden from screen readers. */
export function meter(label: string, words: string, ratio: number | undefined): Markup {
  const bar =
    ratio === undefined
      ? html`<div class="bar absent" aria-hidden="true"></div>`
      : html`<div class="bar" aria-hidden="true"><div class="fill ${barWidthClass(ratio)}${ratio > 0.95 ? ' high' : ''}"></div></div>`;
  return html`<div class="meter"><span class="label">${label}</span><span class="value">${words}</span>${bar}</div>`;
}
