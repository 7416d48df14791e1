/** Begin a text and let the model continue it; or give a text, and let it answer. */

import type { Manifest, Sample } from 'edgeattn-web';
import { card, make } from '../dom.js';
import type { Opened } from '../protocol.js';
import type { Asked } from '../remote.js';
import { count, figure } from '../words.js';

const MOST = 120; // tokens

/** Show a field for a text, and what the model writes. */
export function showWriting(asked: Asked, { manifest, golden: { samples }, texts }: Opened): void {
  const paired = manifest.generation?.kind === 'encoder-decoder';
  const field = make('textarea', { rows: 3, value: beginning(texts[0] ?? '', paired), placeholder: 'Type a text' });
  const button = make('button', { type: 'button' }, paired ? 'Answer' : 'Continue');
  const stop = make('button', { type: 'button', className: 'quiet', hidden: true }, 'Stop');
  const written = make('p', { className: 'written', 'aria-live': 'polite' });
  const pace = make('p', { className: 'note' });
  const title = paired ? 'Try it: give it a text' : 'Try it: continue a text';
  card(
    title,
    make('label', { className: 'field' }, paired ? 'A text' : 'A beginning', field),
    button,
    stop,
    written,
    pace,
  );
  const ready = (): void => {
    button.disabled = field.value === '';
  };
  field.addEventListener('input', ready);
  ready();
  button.addEventListener('click', async () => {
    button.disabled = true;
    stop.hidden = false;
    const prompt = field.value;
    const [start, begun] = [paired ? startOf(manifest, samples) : [], performance.now()];
    let tokens = 0;
    const told = (text: string): void => {
      tokens++;
      written.replaceChildren(...(paired ? [text] : [make('span', {}, prompt), text]));
      const seconds = (performance.now() - begun) / 1e3;
      pace.textContent = `${count(tokens, 'token')}, ${figure(tokens / seconds)} a second`;
    };
    await asked.write({ prompt, start, most: MOST }, told).catch((error: Error) => {
      pace.textContent = error.message;
    });
    stop.hidden = true;
    ready();
  });
  stop.addEventListener('click', () => asked.stop());
}

/** Return a first text: of one that is to be continued, the first words alone. */
const beginning = (text: string, paired: boolean): string => (paired ? text : text.split(/\s+/).slice(0, 8).join(' '));

/** Return the tokens that an answer begins with: the manifest's; where it names none, the golden samples' first. */
function startOf({ generation }: Manifest, [sample]: readonly Sample[]): readonly number[] {
  if (generation?.defaults?.start) return generation.defaults.start;
  const tokens = sample?.inputs[generation?.tokens ?? ''];
  return tokens ? [Number(tokens.data[0])] : [];
}
