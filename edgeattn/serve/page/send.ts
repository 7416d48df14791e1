/** The way back: what was measured, to the terminal that serves this page. */

import type { Benchmark } from 'edgeattn-web';

/** Send results, and return what came of the last in words; throws with the terminal's where it takes one not. */
export async function sent(results: readonly Benchmark[]): Promise<string> {
  let words = '';
  for (const result of results) words = await send(result);
  return words;
}

async function send(result: Benchmark): Promise<string> {
  const response = await fetch('/result', { method: 'POST', body: JSON.stringify(result) }).catch(() => {
    throw new Error('the terminal no longer answers: is edgeattn serve still running?');
  });
  const { error, kept } = await response.json().catch(() => ({ error: `status ${response.status}` }));
  if (!response.ok) throw new Error(error);
  return kept ? 'its report has it now' : 'shown there; its report could not gain it';
}
