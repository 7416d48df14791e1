/** Tell how a story goes on, as it is made up, on this device. */

import { RemoteModel } from 'edgeattn-web/remote';
import { element, onProgress, tell, trying } from '../../page.js';

const SUGGESTIONS = ['Emma was', 'It is a truth universally acknowledged, that', 'Mr. Darcy smiled'];
const HOW = { temperature: 0.8, topP: 0.9, maxNewTokens: 400 };

const form = element<HTMLFormElement>('form');
const beginning = element<HTMLTextAreaElement>('beginning');
const go = element<HTMLButtonElement>('go');
const [suggestions, story, begun, told] = [element('suggestions'), element('story'), element('begun'), element('told')];

let telling: AbortController | undefined;

/** Show whether a story is told, and what the button does then. */
function show(active: boolean): void {
  go.textContent = active ? 'Stop' : 'Go on';
  go.setAttribute('aria-pressed', String(active));
  story.toggleAttribute('data-active', active);
}

/** Tell a story to its end, or until it is stopped. */
async function tellOn(model: RemoteModel, text: string): Promise<void> {
  telling = new AbortController();
  const { signal } = telling;
  const started = performance.now();
  [begun.textContent, told.textContent, story.hidden] = [text, '', false];
  show(true);
  tell('active', 'Telling');
  try {
    for await (const piece of model.write(text, { ...HOW, signal })) told.append(piece);
    tell('ready', `Told in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (!signal.aborted) throw error;
    tell('ready', 'Stopped');
  } finally {
    telling = undefined;
    show(false);
  }
}

await trying(async () => {
  const worker = new Worker(new URL('../../worker.ts', import.meta.url), { type: 'module' });
  const model = await RemoteModel.open(worker, new URL('bundle', document.baseURI), { onProgress });
  const toggle = (): Promise<void> => {
    if (!telling) return trying(() => tellOn(model, beginning.value));
    telling.abort();
    return Promise.resolve();
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void toggle();
  });
  for (const suggestion of SUGGESTIONS) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: suggestion });
    button.addEventListener('click', () => {
      beginning.value = suggestion;
    });
    suggestions.append(button);
  }
  go.disabled = false;
  tell('ready', 'Ready');
});
