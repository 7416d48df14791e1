/** Keeps what the page is made of, so that it opens without a network; large weights are kept by the runtime itself. */

const KEPT = 'search';
const WEIGHTS = /\/bundle\/.*\.data/;

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (event.request.method === 'GET' && !WEIGHTS.test(event.request.url)) event.respondWith(answer(event.request));
});

/** Answer from the network, and from what was kept where there is none. */
async function answer(request) {
  const cache = await caches.open(KEPT);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}
