/**
 * A phone that opens an address: what its page shows in the end, as a line of JSON on stdout.
 *
 *     node phone.mjs ADDRESS '{"modules": "…/node_modules", "flags": [], "draw": [[0.2, 0.1], …], "picture": "x.png"}'
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { argv } from 'node:process';

const [, , address, given = '{}'] = argv;
const { modules, executable, flags = [], draw = [], stops = false, picture, dark = false, leaves = false } =
  JSON.parse(given);
const { chromium } = createRequire(join(modules, 'package.json'))('playwright-core');
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const SECONDS = 240; // that the page may take
const ENDED = '.steps li:nth-child(4):is(.done, .failed), .verdict + button'; // all steps are over, or it stopped

/** Draw a line through points, in shares of the field. */
async function drawn(page, points) {
  const field = page.locator('canvas');
  await field.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await field.boundingBox();
  const at = ([across, down]) => [x + across * width, y + down * height];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points) await page.mouse.move(...at(point), { steps: 8 });
  await page.mouse.up();
  await page.locator('.answer[aria-busy=false]').waitFor();
}

/** Have a text written, and stop it at its first token. */
function stopped(page) {
  return page.evaluate(
    () =>
      new Promise((ended) => {
        const [write, stop] = document.querySelectorAll('.card:nth-of-type(3) button');
        const first = new MutationObserver(() => {
          first.disconnect();
          stop.click();
        });
        first.observe(document.querySelector('.written'), { childList: true });
        write.click();
        new MutationObserver(() => stop.hidden && ended()).observe(stop, { attributeFilter: ['hidden'] });
      }),
  );
}

const browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', ...flags] });
try {
  const page = await browser.newPage({ ...PHONE, colorScheme: dark ? 'dark' : 'light' });
  const [faults, elsewhere] = [[], []];
  page.on('pageerror', ({ message }) => faults.push(message));
  const { origin } = new URL(address);
  page.on('request', (request) => {
    if (![origin, 'null'].includes(new URL(request.url()).origin)) elsewhere.push(request.url());
  });
  const started = performance.now();
  const status = (await page.goto(address)).status();
  const words = async (selector) => (await page.locator(selector).allInnerTexts()).join('\n');
  let [steps, seconds] = ['', null];
  if (status === 200 && !leaves) {
    await page.locator(ENDED).first().waitFor({ timeout: SECONDS * 1e3 });
    seconds = (performance.now() - started) / 1e3;
    steps = await words('.steps');
    await page.locator('.card:nth-of-type(3), .verdict + button').first().waitFor();
    if (draw.length) await drawn(page, draw);
    if (stops) await stopped(page);
    if (picture) await page.screenshot({ path: picture, fullPage: true });
  }
  const { wide, isolated } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth > innerWidth,
    isolated: crossOriginIsolated,
  }));
  const [body, answer] = [await words('body'), await words('.answer output')];
  console.log(JSON.stringify({ status, steps, seconds, body, answer, wide, isolated, faults, elsewhere }));
} finally {
  await browser.close();
}
