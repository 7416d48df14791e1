/** A worker's side: holds one model, so that the page stays quick, and answers what a RemoteModel asks. */

import { workerPort } from '#platform';
import { type Ask, MOST_AHEAD, type Opening, type Reply, type Verb } from './calls.js';
import type { Engine } from './engine.js';
import { EdgeAttnError, InputError, owned } from './errors.js';
import { load } from './load.js';
import type { Model } from './model.js';

/** Tells what comes before the answer; resolves once the page is not too far behind. */
type Tell = (value: unknown) => Promise<void>;
type Call = (given: never, options: { readonly signal: AbortSignal }, tell: Tell) => unknown;

/** Answer calls in this worker, to its end. @param how The engine, where it is not onnxruntime-web. */
export async function serve(how: { readonly engine?: Engine } = {}): Promise<void> {
  const port = await workerPort();
  const running = new Map<number, Listener>();
  const calls = callsWith(how);
  const answer = async ({ id, verb, given, options }: Ask): Promise<void> => {
    const reply = (message: Reply): void => port.postMessage(message);
    const listener = new Listener();
    running.set(id, listener);
    try {
      const { signal } = listener;
      const tell: Tell = (value) => {
        reply({ id, kind: 'piece', value });
        return listener.told();
      };
      const call = calls[verb as keyof typeof calls];
      const value = await call(given as never, { ...options, signal }, tell);
      reply({ id, kind: 'answer', value });
    } catch (error) {
      const { name, message } = owned(EdgeAttnError, verb, error);
      reply({ id, kind: 'error', name, message });
    } finally {
      running.delete(id);
    }
  };
  port.onmessage = ({ data }: MessageEvent<Ask>): void => {
    if (data.verb === 'stop') running.get(data.id)?.stop();
    else if (data.verb === 'took') running.get(data.id)?.took();
    else void answer(data);
  };
}

/** The page, as one call sees it: how many pieces it has still to read, and whether it has gone. */
class Listener {
  readonly #controller = new AbortController();
  readonly signal = this.#controller.signal;
  #ahead = 0;
  #wake = (): void => {};

  async told(): Promise<void> {
    this.#ahead++;
    while (this.#ahead >= MOST_AHEAD && !this.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  took(): void {
    this.#ahead--;
    this.#wake();
  }

  stop(): void {
    this.#controller.abort();
    this.#wake();
  }
}

function callsWith(how: { readonly engine?: Engine }): Record<Exclude<Verb, 'took' | 'stop'>, Call> {
  let opened: Model | undefined;
  const model = (): Model => {
    if (opened) return opened;
    throw new InputError('no model in this worker; open one first');
  };
  const each = async (pieces: AsyncIterable<unknown>, tell: Tell): Promise<void> => {
    for await (const piece of pieces) await tell(piece);
  };
  return {
    async open(address: string, options, onProgress): Promise<Opening> {
      opened = await load(address, { ...how, ...options, onProgress });
      const { manifest, engine, threads, loadMs } = opened;
      return { manifest, engine, threads, loadMs };
    },
    close: () => opened?.close(),
    describe: () => model().describe(),
    run: (inputs, options) => model().run(inputs, options),
    runMany: (samples, options) => model().runMany(samples, options),
    prepare: (raw) => model().prepare(raw),
    labels: (outputs) => model().labels(outputs),
    predictions: ({ outputs, source }) => model().predictions(outputs, source),
    forecast: (outputs) => model().forecast(outputs),
    decode: (tokens) => model().decode(tokens),
    generate: (prompt, options, tell) => each(model().generate(prompt, options), tell),
    write: (prompt, options, tell) => each(model().write(prompt, options), tell),
    generateMany: (prompts, options) => model().generateMany(prompts, options),
    golden: () => model().golden(),
    check: (_, options) => model().check(options),
    bench: (_, options) => model().bench(options),
  };
}
