/** Type a sentence: the model finds the ones that mean nearly the same. */

import type { Tensor } from 'edgeattn-web';
import { card, make } from '../dom.js';
import type { Asked } from '../remote.js';
import { latest } from './latest.js';

const SENTENCES = [
  'The train to the coast leaves at half past six.',
  'Please water the plants while I am away.',
  'My phone battery is empty after an hour.',
  'We had soup and fresh bread for dinner.',
  'The doctor told her to rest for a week.',
];
const QUERY = 'When can I travel to the sea?';

/** Show a list of sentences, and their order by meaning. */
export function showSearch(asked: Asked): void {
  const query = make('input', { type: 'text', value: QUERY });
  const list = make('textarea', { rows: SENTENCES.length, value: SENTENCES.join('\n') });
  const found = make('div', { className: 'bars stacked', role: 'status' });
  const known = new Map<string, Tensor>();
  const vector = async (text: string): Promise<Tensor> => {
    const made = known.get(text) ?? (Object.values(await asked.answer({ text }))[0] as Tensor);
    known.set(text, made);
    return made;
  };
  const answer = latest(found, async () => {
    const texts = list.value.split('\n').filter((text) => text.trim() !== '');
    if (query.value.trim() === '' || texts.length === 0) return found.replaceChildren();
    const asking = await vector(query.value);
    const rows: { text: string; near: number }[] = [];
    for (const text of texts) rows.push({ text, near: cosine(await vector(text), asking) });
    found.replaceChildren(...rows.sort((a, b) => b.near - a.near).map(bar));
  });
  for (const field of [query, list]) field.addEventListener('input', () => answer(undefined));
  card(
    'Try it: search by meaning',
    make('label', { className: 'field' }, 'Your sentence', query),
    found,
    make('label', { className: 'field' }, 'Search in these, one a line', list),
  );
  answer(undefined);
}

function cosine({ data: a }: Tensor, { data: b }: Tensor): number {
  const dot = (x: Tensor['data'], y: Tensor['data']): number =>
    Array.from(x, Number).reduce((sum, value, i) => sum + value * Number(y[i]), 0);
  return dot(a, b) / (Math.sqrt(dot(a, a) * dot(b, b)) || 1);
}

function bar({ text, near }: { text: string; near: number }, i: number): HTMLElement {
  const filled = make('span', { className: i === 0 ? 'bar best' : 'bar' });
  filled.style.setProperty('--share', `${Math.max(near, 0)}`);
  return make('div', {}, make('span', {}, text), filled, make('span', {}, near.toFixed(2)));
}
