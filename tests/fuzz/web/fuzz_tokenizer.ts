/** A tokenizer is read or refused with a BundleError; one that is read answers texts and token ids, or refuses them. */

import { InputError } from '../../../runtime/web/src/errors.js';
import { TextPreparation } from '../../../runtime/web/src/text.js';
import { openTokenizer } from '../../../runtime/web/src/tokenizer.js';
import { fuzzing } from './fuzzing.js';

const TEXTS = ['', ' ', 'The café\'s 12 漢[MASK]\n', 'e\u0301\u{1f600} a  a'];
const processing = { tokenizer: 'tokenizer.json', ids: 'ids', mask: null, types: null, longest: 16 };

export const fuzz = fuzzing((content) => {
  openTokenizer('tokenizer.json', content, true);
  const texts = new TextPreparation(processing, content);
  for (const text of TEXTS) answered(() => texts.prepare([text], {}, () => 'int64'));
  for (let token = 0; token < 64; token++) answered(() => texts.decode([token]));
});

function answered(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}
