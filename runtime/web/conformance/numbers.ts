/** Tensors as cases.json holds them. */

import { type Tensor, type Tensors, tensor } from 'edgeattn-web';

export type Numbers = {
  readonly dtype: Tensor['dtype'];
  readonly shape: readonly number[];
  readonly data: readonly (number | 'NaN')[];
};

/** By name. */
export type Table = Readonly<Record<string, Numbers>>;

export function tensors(table: Table): Tensors {
  const one = ({ dtype, shape, data }: Numbers): Tensor => tensor(dtype, shape, data.map(Number));
  return Object.fromEntries(Object.entries(table).map(([name, numbers]) => [name, one(numbers)]));
}
