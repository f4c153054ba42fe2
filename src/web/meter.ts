import { html, type Markup } from './markup.js';

/**
 * A bar with its words. The words carry the value; the bar only shows it, and is hidden from screen readers. Widths
 * go in steps of 2 % as classes, because the page forbids style attributes.
 */
export function meter(label: string, words: string, ratio: number | undefined): Markup {
  const step = ratio === undefined ? undefined : Math.round(Math.min(1, Math.max(0, ratio)) * 50) * 2;
  const bar =
    step === undefined
      ? html`<div class="bar absent" aria-hidden="true"></div>`
      : html`<div class="bar" aria-hidden="true"><div class="fill w${step}${ratio !== undefined && ratio > 0.95 ? ' high' : ''}"></div></div>`;
  return html`<div class="meter"><span class="label">${label}</span><span class="value">${words}</span>${bar}</div>`;
}
