/** The part of a context that answers a question. */

import { InputError } from './errors.js';
import type { AnswerSpan } from './manifest.js';
import { scored, type Vector, vectors } from './outputs.js';
import type { Tensors } from './tensor.js';
import type { Placed, TextPreparation } from './text.js';

const CONTEXT = 1; // the second text of a pair

type Answer = { readonly text: string; readonly score: number; readonly span: readonly [number, number] };

/** Return the answer of each row, or none where its context has no token; throws InputError. */
export function answers(
  how: AnswerSpan,
  outputs: Tensors,
  { texts = [], pairs = [] }: { texts?: readonly string[]; pairs?: readonly string[] },
  preparation?: TextPreparation,
): Answer[][] {
  const [starts, ends] = [vectors(outputs, how.start), vectors(outputs, how.end)];
  const [batch] = starts.dims;
  if (starts.dims.length !== 2 || String(starts.dims) !== String(ends.dims))
    throw new InputError(`${how.end}: ${ends.dims} found for ${starts.dims}, [batch, sequence] expected`);
  if (!preparation || texts.length !== batch || pairs.length !== batch)
    throw new InputError(`${how.start}: ${texts.length} texts and ${pairs.length} pairs found for ${batch} rows`);
  return starts.rows.map((row, i) => {
    const context = pairs[i] as string;
    return answer(how, row, ends.rows[i] as Vector, context, preparation.placed(texts[i] as string, { pair: context }));
  });
}

function answer(
  { start, end, longest }: AnswerSpan,
  starts: Vector,
  ends: Vector,
  context: string,
  { texts, spans }: Placed,
): Answer[] {
  if (texts.length > starts.length)
    throw new InputError(`${start}: ${starts.length} tokens found, at least the ${texts.length} of its pair expected`);
  const own = [...texts.keys()].filter((token) => texts[token] === CONTEXT);
  if (own.length === 0) return [];
  const counted = texts[0] === null ? [...own, 0] : own; // with the token that stands for no answer
  const shares = [start, end].map((name, i) => {
    const numbers = i ? ends : starts;
    return scored(
      name,
      counted.map((token) => numbers[token] as number),
      'softmax',
    );
  });
  const sum = ([first, last]: readonly [number, number]): number =>
    (starts[own[first] as number] as number) + (ends[own[last] as number] as number);
  let best: readonly [number, number] = [0, 0];
  for (const first of own.keys())
    for (let last = first; last < own.length && last - first < longest; ++last)
      if (sum([first, last]) > sum(best)) best = [first, last];
  const [first, last] = best;
  const covered = spans.slice(own[first], (own[last] as number) + 1).filter((span) => span !== undefined);
  if (covered.length === 0) return []; // blanks
  const text = context.slice(covered[0]?.begin, covered.at(-1)?.end);
  const before = [...context.slice(0, covered[0]?.begin)].length;
  const score = (shares[0]?.[first] as number) * (shares[1]?.[last] as number);
  return [{ text, score, span: [before, before + [...text].length] }];
}
