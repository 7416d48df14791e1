/** Where a model takes neither text nor images: the real inputs that the bundle brings, answered here. */

import { compare, heldOf, type Sample, type Tensor, type Tensors } from 'edgeattn-web';
import { card, make } from '../dom.js';
import type { Opened } from '../protocol.js';
import type { Asked } from '../remote.js';
import { cosine, count } from '../words.js';

const MOST = 4; // numbers of a tensor that are shown

/** Show a choice of golden samples, and their answers here and in PyTorch. */
export function showGolden(asked: Asked, { golden }: Opened): void {
  const options = golden.map((_, i) => make('option', { value: String(i) }, `Sample ${i}`));
  const choice = make('select', {}, ...options);
  const shown = make('dl', { className: 'tensors', role: 'status' });
  const answer = async (): Promise<void> => {
    const sample = golden[Number(choice.value)] as Sample;
    const outputs = await asked.run(sample.inputs);
    shown.replaceChildren(...written('Input', sample.inputs), ...compared(sample, outputs));
  };
  choice.addEventListener('change', answer);
  card(
    'Try it: its own samples',
    make('p', {}, `The bundle says of no input how to make it; it brings ${count(golden.length, 'real input')}.`),
    make('label', { className: 'field' }, 'A real input', choice),
    shown,
  );
  answer();
}

const written = (title: string, tensors: Tensors): HTMLElement[] =>
  Object.entries(tensors).flatMap(([name, tensor]) => pair(`${title} ${name}`, sketch(tensor)));

const compared = ({ outputs, excerpts }: Sample, found: Tensors): HTMLElement[] =>
  Object.entries(outputs).flatMap(([name, tensor]) => {
    const [answer, excerpt] = [found[name] as Tensor, excerpts[name]];
    const here = excerpt ? heldOf(answer, excerpt) : answer;
    return [
      ...pair(`Output ${name}, here`, `${sketch(here)}; cosine ${cosine(compare(here, tensor).cosine)}`),
      ...pair(`Output ${name}, PyTorch`, sketch(tensor)),
    ];
  });

const pair = (term: string, words: string): HTMLElement[] => [make('dt', {}, term), make('dd', {}, words)];

function sketch({ dtype, dims, data }: Tensor): string {
  const numbers = Array.from({ length: Math.min(data.length, MOST) }, (_, i) => data[i] as number | bigint);
  const texts = numbers.map((number) =>
    typeof number === 'bigint' ? `${number}` : Number(number.toPrecision(4)).toString(),
  );
  return `${dtype} [${dims.join(', ')}]: ${texts.join(', ')}${data.length > MOST ? ', …' : ''}`;
}
