/** Prints the words that it hears in a WAV file: keywords NAME.edge SOUND.wav. */

import { readFile } from 'node:fs/promises';
import { InputError, readWav, Stream } from 'edgeattn-web';
import { Hearing } from '../keywords/src/hearing.js';
import { command } from './command.js';

const TIMES = 5; // answers a second

await command('keywords NAME.edge SOUND.wav', async (model, [file = '']) => {
  const rate = model.manifest.processing?.audio?.rate;
  const sound = readWav(await readFile(file));
  const [samples, second] = sound.channels;
  if (!rate || sound.rate !== rate || !samples || second)
    throw new InputError(`${sound.channels.length} channel(s) of ${sound.rate} Hz found, 1 of ${rate} expected`);
  const [stream, hearing] = [new Stream(model, { hop: rate / TIMES }), new Hearing()];
  for (const { end, outputs } of await stream.push(samples)) {
    const [labels = []] = model.labels(outputs);
    const { word } = hearing.take(labels, end / rate);
    if (word) console.log(`${word.second.toFixed(1)} s  ${word.name}`);
  }
});
