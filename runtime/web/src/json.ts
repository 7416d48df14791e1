/** JSON read strictly: no key twice in an object, no number that JavaScript would round to another integer or to infinity. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s"{}[\],:]+/g;

/**
 * Parse a text.
 *
 * @param fraction Makes the value of an integer that is written with a fraction or exponent, as in 1.0.
 * @throws SyntaxError where the text is no such JSON.
 */
export function parse(text: string, fraction = (integer: number): number => integer): Json {
  JSON.parse(text); // so that only what stands in it is left to check
  const tokens = text.match(TOKEN) as string[];
  let next = 0;

  function value(): Json {
    const token = tokens[next++] as string;
    if (token === '{') return object();
    if (token === '[') return array();
    const found: Json = JSON.parse(token);
    return typeof found === 'number' ? number(token, found) : found;
  }

  function object(): Json {
    const table: Record<string, Json> = Object.create(null); // no key of it means anything but itself
    for (; tokens[next] !== '}'; ) {
      const key: string = JSON.parse(tokens[next++] as string);
      if (key in table) throw new SyntaxError(`key ${JSON.stringify(key)} stands twice in an object`);
      table[key] = value();
    }
    next++;
    return table;
  }

  function array(): Json {
    const items: Json[] = [];
    while (tokens[next] !== ']') items.push(value());
    next++;
    return items;
  }

  function number(token: string, found: number): number {
    const written = /^-?\d+$/.test(token);
    if (!Number.isFinite(found) || (written && !Number.isSafeInteger(found))) {
      throw new SyntaxError(`${token} found, a number of at most 2^53 - 1 expected`);
    }
    return Number.isInteger(found) && !written ? fraction(found) : found;
  }

  return value();
}
