/** Hear words, from the microphone or a WAV file, on this device. */

import { readWav, Stream } from 'edgeattn-web';
import { RemoteModel } from 'edgeattn-web/remote';
import { element, onProgress, tell, trying } from '../../page.js';
import { Hearing } from './hearing.js';
import { Microphone } from './microphone.js';
import { Wave } from './wave.js';
import { Words } from './words.js';

const TIMES = 5; // answers a second

const [listen, sample] = [element<HTMLButtonElement>('listen'), element<HTMLButtonElement>('sample')];
const file = element<HTMLInputElement>('file');

async function open(): Promise<void> {
  const worker = new Worker(new URL('../../worker.ts', import.meta.url), { type: 'module' });
  const model = await RemoteModel.open(worker, new URL('bundle', document.baseURI), { onProgress });
  const { audio, labels } = model.manifest.processing ?? {};
  const rate = audio?.rate ?? 0;
  const words = new Words(element('words'), element('heard'), element('none'), labels?.names ?? []);
  const wave = new Wave(element<HTMLCanvasElement>('wave'), rate);
  let microphone: Microphone | undefined;

  /** Begin anew, and return what takes samples. */
  const begin = (): ((samples: Float32Array) => Promise<void>) => {
    const [stream, hearing] = [new Stream(model, { hop: Math.round(rate / TIMES) }), new Hearing()];
    words.clear();
    return async (samples) => {
      wave.push(samples);
      for (const { end, outputs } of await stream.push(samples)) {
        const [row = []] = await model.labels(outputs);
        const { odds, word } = hearing.take(row, end / rate);
        words.tell(odds);
        if (word) words.add(word);
      }
    };
  };

  const stop = async (): Promise<void> => {
    await microphone?.close();
    microphone = undefined;
    listen.setAttribute('aria-pressed', 'false');
    listen.textContent = 'Listen';
    tell('ready', 'Ready');
  };

  const play = async (content: ArrayBuffer): Promise<void> => {
    await stop();
    const sound = readWav(content);
    if (sound.rate !== rate) throw new Error(`This file has ${sound.rate} samples a second; ${rate} are taken.`);
    const [samples = new Float32Array()] = sound.channels;
    const take = begin();
    const started = performance.now();
    for (let at = 0; at < samples.length; at += rate / TIMES) await take(samples.subarray(at, at + rate / TIMES));
    tell(
      'ready',
      `${(samples.length / rate).toFixed(1)} s of sound heard in ${(performance.now() - started).toFixed(0)} ms`,
    );
  };

  listen.addEventListener('click', () =>
    trying(async () => {
      if (microphone) return stop();
      const take = begin();
      microphone = await Microphone.open(rate, (samples) => void trying(() => take(samples)));
      listen.setAttribute('aria-pressed', 'true');
      listen.textContent = 'Stop';
      tell('active', 'Listening');
    }),
  );
  file.addEventListener('change', () =>
    trying(async () => {
      const chosen = file.files?.[0];
      if (chosen) await play(await chosen.arrayBuffer());
      file.value = '';
    }),
  );
  sample.addEventListener('click', () =>
    trying(async () => play(await (await fetch(new URL('words.wav', document.baseURI))).arrayBuffer())),
  );
  for (const control of [listen, file, sample]) control.disabled = false;
  tell('ready', 'Ready');
}

await trying(open);
