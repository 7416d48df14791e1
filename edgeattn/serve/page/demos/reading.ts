/** Type a sentence: the model says what it is. */

import { card, make } from '../dom.js';
import type { Opened } from '../protocol.js';
import type { Asked } from '../remote.js';
import { Labels } from './labels.js';
import { latest } from './latest.js';

/** Show a field for a text, and its labels. */
export function showReading(asked: Asked, { texts }: Opened): void {
  const field = make('textarea', { rows: 3, value: texts[0] ?? '' });
  const labels = new Labels('Type a text.');
  const answer = latest(labels.element, async (text: string) => {
    if (text.trim() === '') labels.clear();
    else labels.show(await asked.name(await asked.answer({ text })));
  });
  field.addEventListener('input', () => answer(field.value));
  card('Try it: a text', make('label', { className: 'field' }, 'A text', field), labels.element);
  answer(field.value);
}
