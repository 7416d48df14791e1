/** The options of generation, their limits, and that a caller goes before a bundle. */

import schema from '../../generation.schema.json' with { type: 'json' };
import { InputError } from './errors.js';
import type { GenerationDefaults } from './manifest.js';
import { readCount, type Tokens } from './prompt.js';

/** What is left out is as the bundle says, else as in brackets. */
export type GenerationOptions = {
  // written by runtime/generation.py: typescript_members
  /** Token ids that begin an encoder-decoder's answer, at least one (none). */
  readonly start?: Tokens;
  /** Token ids, each of which ends an answer and is no part of it (none). */
  readonly stop?: Tokens;
  /** Several token ids in a row that end it (none). */
  readonly stopSequences?: Iterable<Tokens>;
  /** The most new tokens (as many as there are positions). */
  readonly maxNewTokens?: number;
  /** 1 to 8 sequences are continued together, the likeliest (1). */
  readonly numBeams?: number;
  /** The most to return for each prompt, at most as many as there are beams (1). */
  readonly numReturnSequences?: number;
  /** The power of the length in a score: above 0 favors long sequences (1). */
  readonly lengthPenalty?: number;
  /** Whether as many ended sequences as beams end a search: true, false or never (false). */
  readonly earlyStopping?: boolean | 'never';
  /** Above 1 makes tokens that were there before less likely, below 1 more likely (1). */
  readonly repetitionPenalty?: number;
  /** 0 takes the likeliest token, of a tie the lowest; above, tokens are drawn (0). */
  readonly temperature?: number;
  /** Draws from this many of the likeliest tokens (all). */
  readonly topK?: number;
  /** Draws from the fewest likeliest tokens that hold this share (all). */
  readonly topP?: number;
  /** The same draws the same tokens, of prompt i those of seed + i (drawn anew). */
  readonly seed?: number;
  // written: end
};

export type Sampling = Pick<GenerationOptions, 'repetitionPenalty' | 'temperature' | 'topK' | 'topP'>;
export type Beams = Pick<GenerationOptions, 'numBeams' | 'numReturnSequences' | 'lengthPenalty' | 'earlyStopping'>;

/** Options in which nothing is left open that has a default. */
export type SettledOptions = GenerationOptions &
  Required<Omit<GenerationOptions, 'maxNewTokens' | 'topK' | 'topP' | 'seed'>>;

/** What the schema says of an option. */
type Entry = { readonly $ref?: string; readonly type?: string; readonly enum?: readonly unknown[] } & {
  readonly [keyword in 'minimum' | 'exclusiveMinimum' | 'maximum']?: number;
} & { readonly default?: unknown };

const camel = (name: string): string => name.replace(/_./g, ([, letter = '']) => letter.toUpperCase());

const shared: Readonly<Record<string, Entry>> = schema.$defs;
const ENTRIES = Object.entries<Entry>(schema.properties).map(
  ([name, entry]) => [camel(name), { ...shared[entry.$ref?.slice('#/$defs/'.length) ?? ''], ...entry }] as const,
);
const OTHERWISE = Object.fromEntries(ENTRIES.map(([name, entry]) => [name, entry.default]));

/**
 * Return what a caller says, over what a bundle says, over the defaults. Beams draw nothing: where a caller draws, the
 * bundle's beams do not hold, nor its temperature where a caller asks for beams.
 *
 * @throws InputError where an option is out of its limits, or they do not go together.
 */
export function settled(given: GenerationOptions, bundled: GenerationDefaults): SettledOptions {
  const own = Object.fromEntries(Object.entries(bundled).map(([name, value]) => [camel(name), value]));
  if ((given.temperature ?? 0) > 0) delete own.numBeams;
  if ((given.numBeams ?? 1) > 1) delete own.temperature;
  const said = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...OTHERWISE, ...own, ...said } as SettledOptions;
  for (const [name, entry] of ENTRIES) check(name, options[name as keyof SettledOptions], entry);
  const { numBeams, temperature, numReturnSequences } = options;
  readCount('numReturnSequences', numReturnSequences, 1, numBeams);
  if (numBeams > 1 && temperature > 0)
    throw new InputError(`temperature: ${temperature} found with ${numBeams} beams, which draw nothing; 0 expected`);
  return options;
}

/** Check a value; tokens are checked where the vocabulary is known. */
function check(name: string, value: unknown, entry: Entry): void {
  if (value === undefined || entry.type === 'array') return;
  if (entry.type === 'integer') readCount(name, value as number, entry.minimum ?? 0, entry.maximum);
  else if (entry.type === 'number') readNumber(name, value as number, entry);
  else if (!entry.enum?.includes(value))
    throw new InputError(`${name}: ${value} found, true, false or "never" expected`);
}

function readNumber(name: string, value: number, { minimum, exclusiveMinimum: above, maximum }: Entry): void {
  const [least, most] = [above ?? minimum ?? Number.NEGATIVE_INFINITY, maximum ?? Number.POSITIVE_INFINITY];
  if (Number.isFinite(value) && value >= least && value !== above && value <= most) return;
  const bounds = [
    above !== undefined && ` above ${above}`,
    minimum !== undefined && ` of at least ${minimum}`,
    maximum !== undefined && ` and at most ${maximum}`,
  ];
  throw new InputError(`${name}: ${value} found, a finite number${bounds.filter(Boolean).join('')} expected`);
}
