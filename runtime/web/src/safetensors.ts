/** Reads safetensors: tensors by name. */

import { parse } from './json.js';
import type { Dtype } from './manifest.js';
import { ARRAYS, assembled, count, type Tensor } from './tensor.js';

const DTYPES: Readonly<Record<string, Dtype>> = {
  BOOL: 'bool',
  I8: 'int8',
  U8: 'uint8',
  I16: 'int16',
  U16: 'uint16',
  I32: 'int32',
  U32: 'uint32',
  I64: 'int64',
  U64: 'uint64',
  F16: 'float16',
  F32: 'float32',
  F64: 'float64',
};
const LENGTH = 8; // bytes, of the number that says how long the header is

/** Check that it holds texts alone, as the library in Python does. */
function checkMetadata(metadata: object): void {
  const texts = Object.values(metadata).every((value) => typeof value === 'string' && value.isWellFormed());
  if (Array.isArray(metadata) || typeof metadata !== 'object' || !texts) throw new Error('metadata other than texts');
}

/** Read a whole file; throws where it is none. */
export function readSafetensors(content: Uint8Array): Map<string, Tensor> {
  const { buffer, byteOffset, length } = content;
  const start = LENGTH + Number(new DataView(buffer, byteOffset, length).getBigUint64(0, true));
  if (start > length) throw new Error('the header passes the end of the file');
  const text = new TextDecoder('utf-8', { fatal: true }).decode(content.subarray(LENGTH, start));
  const { __metadata__: metadata, ...header } = parse(text) as Readonly<
    Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>
  >;
  checkMetadata(metadata ?? {});
  const tensors = Object.entries(header).map(
    ([
      name,
      {
        dtype: theirs,
        shape: dims,
        data_offsets: [from, to],
      },
    ]) => {
      const dtype = DTYPES[theirs];
      const bytes = content.slice(start + from, start + to); // a copy, that begins where numbers may
      const sizes = [from, to, ...dims].every((size) => Number.isSafeInteger(size) && size >= 0);
      if (
        !dtype ||
        !sizes ||
        bytes.length !== to - from ||
        bytes.length !== count(dims) * ARRAYS[dtype].BYTES_PER_ELEMENT
      ) {
        throw new Error(`${name} is no tensor`);
      }
      return [name, assembled(dtype, dims, new ARRAYS[dtype](bytes.buffer))] as const;
    },
  );
  return new Map(tensors);
}
