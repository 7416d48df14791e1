/** Generation: the tokens of one prompt as they come, or many prompts together, with beams. */

import { BeamSearch } from './beam-search.js';
import { CachedText } from './cached-text.js';
import type { CallOptions } from './deadline.js';
import type { Decoder } from './decoder.js';
import { InputError } from './errors.js';
import { type Beams, type GenerationOptions, settled } from './generation-options.js';
import { runAll } from './lockstep.js';
import { isSources, type Prompt } from './prompt.js';
import { seeded } from './random.js';
import type { Random } from './sampling.js';
import { type Hypothesis, ScoredSearch, type Search, SingleSearch } from './search.js';
import { Stops } from './stops.js';
import type { Tensors } from './tensor.js';
import { turn } from './turn.js';

export type GenerateOptions = CallOptions &
  Omit<GenerationOptions, keyof Beams> & {
    /** Keeps the cache for a prompt that continues this one and its answer; of the same model. */
    readonly session?: { readonly model: unknown; readonly text: CachedText };
  };

export type GenerateManyOptions = CallOptions & GenerationOptions;

/**
 * Yield the new tokens as they come, to a stop, the number asked for, or the model's last position. Tokens that may be
 * the beginning of a stop sequence come once it is clear that they are not.
 *
 * @throws InputError with the first token, where the prompt or an option is none to generate with.
 */
export async function* generate(
  decoder: Decoder,
  prompt: Prompt,
  given: GenerateOptions,
): AsyncGenerator<number, void> {
  const options = settled({ ...given, numBeams: 1, numReturnSequences: 1 }, decoder.defaults);
  const random = options.seed === undefined ? Math.random : seeded(options.seed);
  const stops = new Stops(options.stop, options.stopSequences, decoder.words);
  const begin = decoder.begin('prompt', prompt, options.start);
  const limit = decoder.limit(options.maxNewTokens, begin.tokens.length);
  decoder.check(1, begin.tokens.length + limit - 1); // the last token is yielded, and never fed
  const search = new SingleSearch(begin.tokens, limit, stops, options, random);
  const text = given.session?.text ?? new CachedText();
  const carried = await decoder.carried(begin);
  for (let [yielded, sequence] = [0, begin.tokens]; ; ) {
    const next = search.advance([await text.logits(decoder, carried, sequence)]);
    const { settled } = search;
    yield* settled.slice(yielded);
    yielded = settled.length;
    if (!next) return;
    sequence = [...sequence, ...next.tokens];
    await turn();
  }
}

/**
 * Continue many prompts at once, of any lengths, each as it would be alone; with beams where asked for.
 *
 * @param prompts Each as `generate` takes it; or, of an encoder-decoder, tensors by name with all of them in their batch.
 * @returns For each prompt its sequences, the best first.
 * @throws InputError where there is none, or as `generate` does; its message names the prompt.
 */
export async function generateMany(
  decoder: Decoder,
  prompts: readonly Prompt[] | Tensors,
  given: GenerateManyOptions,
): Promise<(readonly Hypothesis[])[]> {
  const options = settled(given, decoder.defaults);
  const { numBeams, seed } = options;
  const stops = new Stops(options.stop, options.stopSequences, decoder.words);
  const begins = listed(decoder, prompts).map((prompt, i) => decoder.begin(`prompts[${i}]`, prompt, options.start));
  const limits = begins.map(({ tokens }) => decoder.limit(options.maxNewTokens, tokens.length));
  const longest = Math.max(...begins.map(({ tokens }, i) => tokens.length + (limits[i] as number)));
  decoder.check(numBeams, longest - 1, begins.length);
  const search = (tokens: readonly number[], i: number): Search => {
    const limit = limits[i] as number;
    if (numBeams > 1) return new BeamSearch(tokens, limit, stops, options);
    const random: Random = seed === undefined ? Math.random : seeded(seed + i);
    return new ScoredSearch(tokens, limit, stops, options, random);
  };
  const tasks = [];
  for (const [i, begin] of begins.entries())
    tasks.push({ begin: begin.tokens, carried: await decoder.carried(begin), search: search(begin.tokens, i) });
  await runAll(decoder, tasks, numBeams);
  return tasks.map((task) => task.search.hypotheses);
}

function listed(decoder: Decoder, prompts: readonly Prompt[] | Tensors): readonly Prompt[] {
  const list = Array.isArray(prompts)
    ? prompts
    : isSources(prompts as Prompt)
      ? decoder.rows('prompts', prompts as Tensors)
      : [];
  if (list.length === 0) throw new InputError('prompts: none found, a list of at least 1 expected');
  return list;
}
