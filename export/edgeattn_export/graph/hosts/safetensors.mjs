/** Tensors of onnxruntime-web by name <-> safetensors, in Node and in a browser. */

// safetensors' name of each dtype, onnxruntime's, and the array that holds it.
const DTYPES = [
  ['F32', 'float32', Float32Array],
  ['F64', 'float64', Float64Array],
  ['F16', 'float16', Uint16Array],
  ['I64', 'int64', BigInt64Array],
  ['I32', 'int32', Int32Array],
  ['I16', 'int16', Int16Array],
  ['I8', 'int8', Int8Array],
  ['U64', 'uint64', BigUint64Array],
  ['U32', 'uint32', Uint32Array],
  ['U16', 'uint16', Uint16Array],
  ['U8', 'uint8', Uint8Array],
  ['BOOL', 'bool', Uint8Array],
];
const LENGTH = 8; // bytes, of the number that says how long the header is

/** Read tensors from bytes; none are no tensors. */
export function parse(content, Tensor) {
  if (content.length === 0) return {};
  const { buffer, byteOffset } = content;
  const start = LENGTH + Number(new DataView(buffer, byteOffset).getBigUint64(0, true));
  const { __metadata__, ...header } = JSON.parse(new TextDecoder().decode(content.subarray(LENGTH, start)));
  const read = ({ dtype, shape, data_offsets: [from, to] }) => {
    const [, type, Numbers] = DTYPES.find(([name]) => name === dtype);
    const copy = buffer.slice(byteOffset + start + from, byteOffset + start + to); // begins where numbers may
    return new Tensor(type, new Numbers(copy), shape);
  };
  return Object.fromEntries(Object.entries(header).map(([name, info]) => [name, read(info)]));
}

/** Write tensors as bytes. */
export function format(tensors) {
  const header = {};
  let end = 0;
  for (const [name, { type, dims, data }] of Object.entries(tensors)) {
    const [dtype] = DTYPES.find(([, known]) => known === type);
    header[name] = { dtype, shape: dims, data_offsets: [end, (end += data.byteLength)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const content = new Uint8Array(LENGTH + text.length + end);
  new DataView(content.buffer).setBigUint64(0, BigInt(text.length), true);
  content.set(text, LENGTH);
  for (const [name, { data }] of Object.entries(tensors)) {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    content.set(bytes, LENGTH + text.length + header[name].data_offsets[0]);
  }
  return content;
}
