/** What was found, as the page shows it. */

import type { Found } from './ranking.js';

const NEAR = 0.3; // below, a passage has little to do with what is looked for

/** Return a list item: the paragraph with its nearest sentence marked, and how near it is. */
export function card({ paragraph, sentence, nearness }: Found): HTMLElement {
  const item = document.createElement('li');
  item.style.setProperty('--nearness', Math.max(nearness, 0).toFixed(3));
  item.classList.toggle('far', nearness < NEAR);
  const meter = document.createElement('span');
  meter.className = 'nearness';
  meter.textContent = nearness.toFixed(2);
  meter.title = 'Cosine between the meanings: 1 is the same, 0 is unrelated';
  const mark = document.createElement('mark');
  mark.textContent = sentence.text;
  const end = sentence.start + sentence.text.length;
  const text = document.createElement('p');
  text.append(paragraph.slice(0, sentence.start), mark, paragraph.slice(end));
  item.append(meter, text);
  return item;
}

/** Show what was found in the place of what was. */
export function show(list: HTMLElement, found: readonly Found[]): void {
  list.replaceChildren(...found.map(card));
}
