/** Whatever the text, each tokenizer of the folder EDGEATTN_TOKENIZERS answers it or refuses it. */

import { readdirSync, readFileSync } from 'node:fs';
import { BundleError, InputError } from '../../../runtime/web/src/errors.js';
import { TextPreparation } from '../../../runtime/web/src/text.js';
import { openTokenizer } from '../../../runtime/web/src/tokenizer.js';
import { fuzzing } from './fuzzing.js';

const folder = process.env['EDGEATTN_TOKENIZERS'] as string;
const processing = { tokenizer: 'tokenizer.json', ids: 'ids', mask: null, types: null, longest: null };

const followed = readdirSync(folder).flatMap((name) => {
  const content = new Uint8Array(readFileSync(`${folder}/${name}`));
  try {
    openTokenizer(name, content, false);
    return [new TextPreparation(processing, content)];
  } catch (error) {
    if (error instanceof BundleError) return []; // such as one that has a map of characters
    throw error;
  }
});
if (followed.length === 0) throw new Error('wrong: no tokenizer found');

export const fuzz = fuzzing((content) => {
  const text = new TextDecoder().decode(content);
  const refusals = followed.flatMap((texts) => refusalsOf(texts, text));
  if (refusals.length === followed.length) throw refusals[0];
});

function refusalsOf(texts: TextPreparation, text: string): InputError[] {
  try {
    const { ids } = texts.prepare([text], {}, () => 'int64');
    texts.decode(ids?.data as BigInt64Array);
    return [];
  } catch (error) {
    if (error instanceof InputError) return [error];
    throw error;
  }
}
