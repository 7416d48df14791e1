/** Has the service worker keep the page, so that it opens without a network. */

const PATIENCE = 2000; // ms: a page that was reloaded by force gets no service worker

/** Wait until what is fetched from here on is kept, and fetch once more what was there before. */
export async function keepForOffline(): Promise<void> {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return; // on plain http
  await serviceWorker.register('offline.js');
  const controlled = new Promise((resolve) =>
    serviceWorker.addEventListener('controllerchange', resolve, { once: true }),
  );
  if (!serviceWorker.controller)
    await Promise.race([controlled, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
  const before = performance.getEntriesByType('resource').map(({ name }) => name);
  await Promise.all([location.href, ...before].map((address) => fetch(address)));
}
