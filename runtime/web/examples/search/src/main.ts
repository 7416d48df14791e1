/** Search one's own text by meaning, on this device. */

import { element, onProgress, tell, trying } from '../../page.js';
import { Encoder } from './encoder.js';
import notes from './notes.txt?raw';
import { keepForOffline } from './offline.js';
import { split, type Text } from './passages.js';
import { rank } from './ranking.js';
import { show } from './results.js';

const SUGGESTIONS = ['a dripping tap', 'planets', 'pests on vegetables', 'being sad', 'how to get to the sea'];
const PAUSE = 250; // ms without a key before a text is read again

const [query, text, file] = [
  element<HTMLInputElement>('query'),
  element<HTMLTextAreaElement>('text'),
  element<HTMLInputElement>('file'),
];
const [results, suggestions, count] = [element('results'), element('suggestions'), element('count')];

const vectors = new Map<string, Float32Array>(); // by sentence: one that stays is encoded once
await keepForOffline().catch(() => {}); // a browser that refuses it still searches
const encoder = new Encoder(new URL('bundle', document.baseURI).href, onProgress);
let passages: Text = { paragraphs: [], sentences: [] };

/** Encode the sentences that are new, unless the text changes meanwhile. */
async function read(): Promise<void> {
  const mine = split(text.value);
  passages = mine;
  const fresh = mine.sentences.filter((sentence) => !vectors.has(sentence.text));
  for (const [i, sentence] of fresh.entries()) {
    if (passages !== mine) return;
    count.textContent = `Reading sentence ${i + 1} of ${fresh.length}`;
    const vector = await vectorOf(sentence.text);
    if (vector) vectors.set(sentence.text, vector);
    if (i % 8 === 0) await search();
  }
  count.textContent = `${mine.paragraphs.filter(Boolean).length} passages, ${mine.sentences.length} sentences`;
  await search();
}

/** Show what is nearest to the query, unless it changes meanwhile. */
async function search(): Promise<void> {
  const wanted = query.value.trim();
  suggestions.hidden = wanted !== '';
  if (wanted === '') return show(results, []);
  const vector = await vectorOf(wanted);
  if (wanted === query.value.trim()) show(results, vector ? rank(passages, vectors, vector) : []);
}

/** Return what a text means; null for one that the model does not take, such as half a character. */
const vectorOf = (given: string): Promise<Float32Array | null> => encoder.encode(given).catch(() => null);

/** Call a function once nothing has happened for a while. */
function afterPause(call: () => void): () => void {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = window.setTimeout(call, PAUSE);
  };
}

for (const suggestion of SUGGESTIONS) {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: suggestion });
  button.addEventListener('click', () => {
    query.value = suggestion;
    void search();
  });
  suggestions.append(button);
}

query.addEventListener('input', () => void search());
text.addEventListener(
  'input',
  afterPause(() => void read()),
);
file.addEventListener('change', async () => {
  text.value = (await file.files?.[0]?.text()) ?? text.value;
  await read();
});

text.value = notes;
await trying(async () => {
  const threads = await encoder.ready;
  tell('ready', threads > 1 ? `Ready, ${threads} threads` : 'Ready');
  query.disabled = false;
  query.focus();
  await read();
});
