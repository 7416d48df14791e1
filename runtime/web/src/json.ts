/** JSON read strictly: no key twice in an object, and numbers that know how they are written. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]]|[^\s"{}[\],:]+/g;

/**
 * Parse a text.
 *
 * @param odd Makes the value of a number that is an integer by its value alone, as 1.0 is, or too large to be kept exact.
 * @throws SyntaxError where the text is no such JSON.
 */
export function parse(text: string, odd = (found: number): Json => found): Json {
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
    while (tokens[next] !== '}') {
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

  function number(token: string, found: number): Json {
    const whole = /^-?\d+$/.test(token);
    return Number.isSafeInteger(found) === whole && Number.isFinite(found) ? found : odd(found);
  }

  return value();
}
