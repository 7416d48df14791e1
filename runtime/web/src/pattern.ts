/** Regular expressions that JavaScript may not end on: it tries every way to match, and no engine of it counts them. */

const LONGEST = 2 ** 13; // characters
const QUANTIFIER = /^(?:\*|\+|\{(\d*)(,?)(\d*)\})/;
const ESCAPE = /^\\(?:[pPxu]\{[^}]*\}|k<[^>]*>|.)/su;
const CLASS = /^\[\^?\]?(?:\\.|[^\]\\])*\]/su;

/**
 * Say whether a group is repeated that holds alternatives or what is repeated itself, such as (a+)+ or (a|b)*: where such
 * a pattern fails, the ways that were tried double with each character of the text. One that is too long to look at may.
 */
export function isExponential(expression: string): boolean {
  if (expression.length > LONGEST) return true;
  const groups = [false]; // of those that are open: whether they can match a text in several ways
  const varied = (): void => void groups.splice(-1, 1, true);
  for (let rest = expression; rest !== ''; ) {
    const [taken] = ESCAPE.exec(rest) ?? CLASS.exec(rest) ?? [rest[0] as string];
    rest = rest.slice(taken.length);
    if (taken === '(') groups.push(false);
    if (taken === '|') varied();
    const isGroup = taken === ')' && groups.length > 1;
    const inside = isGroup && groups.pop();
    const quantifier = QUANTIFIER.exec(rest);
    if (quantifier) rest = rest.slice(quantifier[0].length);
    const repeated = quantifier !== null && mostOf(quantifier) > 1;
    if (repeated && inside) return true;
    if (repeated || inside) varied();
  }
  return false;
}

/** Return how often a quantifier repeats at most. */
function mostOf([sign, least, comma, most]: RegExpExecArray): number {
  if (sign === '*' || sign === '+') return Number.POSITIVE_INFINITY;
  return Number((comma ? most : least) || Number.POSITIVE_INFINITY);
}
