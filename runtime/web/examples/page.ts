/** What the pages share: their elements, and the line that tells how it goes. */

import type { Progress } from 'edgeattn-web';

export const element = <Kind extends HTMLElement>(id: string): Kind => document.getElementById(id) as Kind;

const [state, progress] = [element('state'), element<HTMLProgressElement>('progress')];

/** `active` is what the reader began and may end: to listen, to tell. */
export type State = 'busy' | 'ready' | 'active' | 'failed';

export function tell(kind: State, message: string): void {
  state.dataset.state = kind;
  state.textContent = message;
  progress.hidden = kind !== 'busy';
}

/** Do something, and tell where it fails. */
export async function trying(work: () => Promise<void>): Promise<void> {
  await work().catch((error: Error) => tell('failed', error.message));
}

/** Show how much of the model is there. */
export function onProgress({ loaded, total }: Progress): void {
  progress.value = loaded / total;
}
