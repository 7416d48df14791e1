/** CSV files of series: a column a series by its name in the first line, a number a line. */

import { InputError } from './errors.js';
import { bytesOf } from './file-bytes.js';
import type { SeriesInput } from './series.js';

const PLAIN = /[^,\r\n]*/y; // a cell without quotes
const SEPARATOR = /,|\r\n|\n|\r/y;
const GAPS = ['', 'nan', 'na', 'null']; // of a missing number, in any case
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Return the columns of those names, in that order; a missing number is a NaN. Other columns are left alone.
 *
 * @param content The file's bytes, UTF-8, or its text.
 * @param names Such as the manifest's `processing.series.names`.
 * @throws InputError where it is no CSV file, lacks a column or has it twice, or holds something else than a number.
 */
export function readCsv(content: Uint8Array | ArrayBuffer | string, names: readonly string[]): SeriesInput {
  const [header = [], ...lines] = rowsOf(textOf(content)).filter((row) => row.length > 1 || row[0] !== '');
  const heads = header.map(stripped);
  const places = names.map((name) => {
    const count = heads.filter((each) => each === name).length;
    if (count === 1) return heads.indexOf(name);
    const path =
      typeof content === 'string' && lines.length === 0 ? "; give the file's bytes or text, not its path" : '';
    throw new InputError(`series: ${count} columns ${name} found in the first line, one expected${path}`);
  });
  return { values: places.map((place) => lines.map((row, i) => numberOf(row[place] ?? '', i + 2))) };
}

const isBlank = (letter: string | undefined): boolean => letter === ' ' || letter === '\t';

/** Return a cell without the blanks around it: a regular expression would try each run of them from each of its blanks. */
function stripped(cell: string): string {
  let [first, end] = [0, cell.length];
  while (isBlank(cell[first])) first++;
  while (end > first && isBlank(cell[end - 1])) end--;
  return cell.slice(first, end);
}

function textOf(content: Uint8Array | ArrayBuffer | string): string {
  if (typeof content === 'string') return content.replace(/^\ufeff/, '');
  const bytes = bytesOf('series', content);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError('series: bytes that are no UTF-8 found, a CSV file expected; save it again');
  }
}

function numberOf(cell: string, line: number): number {
  const text = stripped(cell);
  if (GAPS.includes(text.toLowerCase())) return Number.NaN;
  if (NUMBER.test(text)) return Number(text);
  throw new InputError(`series: ${JSON.stringify(text.slice(0, 20))} found in line ${line}, a number expected`);
}

/** Return the cells of each line, strictly as RFC 4180 has them. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; ) {
    const quoted = text[at] === '"';
    const end = quoted ? closingQuote(text, at + 1) : matched(PLAIN, text, at).length + at;
    row.push(quoted ? text.slice(at + 1, end).replaceAll('""', '"') : text.slice(at, end));
    at = quoted ? end + 1 : end;
    const separator = matched(SEPARATOR, text, at);
    if (separator === '' && at < text.length) throw unquoted();
    at += separator.length;
    if (separator === ',' && at < text.length) continue;
    if (separator === ',') row.push('');
    rows.push(row);
    row = [];
  }
  return rows;
}

/** Return where the quote stands that ends a cell; two of them are one within it. */
function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  if (at < 0) throw unquoted();
  return at;
}

function matched(sticky: RegExp, text: string, at: number): string {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0] ?? '';
}

const unquoted = (): InputError =>
  new InputError('series: a quote in the middle of a cell, or one that does not end; save it again');
