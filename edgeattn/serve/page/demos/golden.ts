/** Where a model takes neither text nor images: the real inputs that the bundle brings, answered here. */

import { compare, type GoldenVectors, type Sample, type Tensor, type TensorOf, type Tensors } from 'edgeattn-web';
import { card, make } from '../dom.js';
import type { Opened } from '../protocol.js';
import type { Asked } from '../remote.js';
import { count, errorText } from '../words.js';

const MOST = 4; // numbers of a tensor that are shown

/** Show a choice of golden samples, and their answers here and in PyTorch. */
export function showGolden(asked: Asked, { golden: { samples, spreads } }: Opened): void {
  const options = samples.map((_, i) => make('option', { value: String(i) }, `Sample ${i}`));
  const choice = make('select', {}, ...options);
  const shown = make('dl', { className: 'tensors', role: 'status' });
  const answer = async (): Promise<void> => {
    const sample = samples[Number(choice.value)] as Sample;
    const outputs = await asked.run(sample.inputs);
    shown.replaceChildren(...written('Input', sample.inputs), ...compared(sample, outputs, spreads));
  };
  choice.addEventListener('change', answer);
  card(
    'Try it: its own samples',
    make('p', {}, `The bundle says of no input how to make it; it brings ${count(samples.length, 'real input')}.`),
    make('label', { className: 'field' }, 'A real input', choice),
    shown,
  );
  answer();
}

const written = (title: string, tensors: Tensors): HTMLElement[] =>
  Object.entries(tensors).flatMap(([name, tensor]) => pair(`${title} ${name}`, sketch(tensor)));

const compared = ({ outputs, excerpts }: Sample, found: Tensors, spreads: GoldenVectors['spreads']): HTMLElement[] =>
  Object.entries(outputs).flatMap(([name, tensor]) => {
    const [here, spread] = [found[name] as Tensor, spreads[name] as TensorOf<'float32'>];
    const { error } = compare(here, tensor, spread, excerpts[name]);
    return [
      ...pair(`Output ${name}, here`, `${sketch(here)}; error ${errorText(error)} of its spread`),
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
