/** A pair of texts: the template of a tokenizer's post-processor for it, and how many tokens are cut. */

import { BundleError, InputError } from './errors.js';

export type Truncation = 'longest_first' | 'only_first' | 'only_second';

/** All tokens of the first text (0) or the second (1), or a special token: its id. */
type Part = { readonly text: 0 | 1 | null; readonly id: number; readonly type: number };

/** What stands before, between and behind two texts, in order. */
export type PairTemplate = readonly Part[];

type Piece = {
  readonly Sequence?: { readonly id: string; readonly type_id: number };
  readonly SpecialToken?: { readonly id: string; readonly type_id: number };
};

/** A step of tokenizer.json's `post_processor`. */
export type PostProcessor = {
  readonly type: string;
  readonly processors?: readonly PostProcessor[];
  readonly single?: readonly Piece[];
  readonly pair?: readonly Piece[];
  readonly special_tokens?: Readonly<
    Record<string, { readonly ids: readonly number[]; readonly tokens: readonly string[] }>
  >;
  readonly cls?: readonly [string, number];
  readonly sep?: readonly [string, number];
};

const ADDING = ['TemplateProcessing', 'BertProcessing', 'RobertaProcessing'];

/** Read the template of a post-processor; throws BundleError where it has not each text once. */
export function pairTemplate(processor: PostProcessor | null | undefined): PairTemplate {
  const adding = [...leaves(processor)].filter(({ type }) => ADDING.includes(type));
  const plain: PairTemplate = [text(0, 0), text(1, 1)];
  const parts = adding[0] ? [...partsOf(adding[0])] : plain;
  const found = parts.flatMap((part) => part.text ?? []).sort();
  if (adding.length > 1 || found.length !== 2 || found[0] !== 0 || found[1] !== 1)
    throw new BundleError('no template of a pair found that has each text once, one expected');
  return parts;
}

/** Check that a template's special tokens have a token for each of their ids; throws BundleError. */
export function checkSpecialTokens(processor: PostProcessor | null | undefined): void {
  for (const { single = [], pair = [], special_tokens = {} } of leaves(processor))
    for (const { SpecialToken: token } of [...single, ...pair]) {
      const { ids, tokens } = (token && special_tokens[token.id]) ?? { ids: [], tokens: [] };
      if (tokens?.length !== ids.length)
        throw new BundleError('a special token without a token for each of its ids found');
    }
}

/**
 * Return how many of two texts' tokens are kept where there is room for so many together.
 *
 * @throws InputError where no token of the text that is cut would be left.
 */
export function kept(first: number, second: number, room: number, truncation: Truncation): readonly [number, number] {
  if (first + second <= room) return [first, second];
  if (truncation === 'only_first') return [left('pair', second, room), second];
  if (truncation === 'only_second') return [first, left('text', first, room)];
  const shorter = Math.min(first, second);
  const longer = Math.max(shorter, room - shorter);
  const half = Math.floor(room / 2);
  const [less, more] = shorter + longer > room ? [half, room - half] : [shorter, longer];
  return first > second ? [more, less] : [less, more];
}

/** Return how many tokens are kept of the text that is cut beside one that is not. */
function left(name: string, whole: number, room: number): number {
  if (whole < room) return room - whole;
  const found = `${name}: ${whole} tokens found, fewer than ${room} expected, as it is never cut`;
  throw new InputError(`${found}; give a part of it`);
}

const text = (which: 0 | 1, type: number): Part => ({ text: which, id: 0, type });
const special = (id: number, type: number): Part => ({ text: null, id, type });

function* leaves(step: PostProcessor | null | undefined): Generator<PostProcessor> {
  if (step?.type !== 'Sequence') {
    if (step) yield step;
    return;
  }
  for (const part of step.processors ?? []) yield* leaves(part);
}

function* partsOf({ type, pair, special_tokens, cls, sep }: PostProcessor): Generator<Part> {
  if (type !== 'TemplateProcessing') {
    const [start, end] = [cls?.[1] as number, sep?.[1] as number];
    const doubled = type === 'RobertaProcessing';
    yield* [special(start, 0), text(0, 0), special(end, 0), ...(doubled ? [special(end, 0)] : [])];
    yield* [text(1, doubled ? 0 : 1), special(end, doubled ? 0 : 1)];
    return;
  }
  for (const { Sequence: sequence, SpecialToken: token } of pair ?? []) {
    if (sequence) yield text(sequence.id === 'A' ? 0 : 1, sequence.type_id);
    for (const id of token ? (special_tokens?.[token.id]?.ids ?? []) : []) yield special(id, token?.type_id as number);
  }
}
