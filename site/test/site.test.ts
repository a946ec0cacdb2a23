/** The site as people see it: each page in a real browser. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountReasons, feedReasons } from '../../src/api/account/conditions.ts';
import { reasons } from '../../src/api/conditions.ts';
import { openBrowser, serve } from './browser.ts';
import { base, out } from './tested.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

let browser: Browser;
let site: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  // A process of its own, as in production: here Vue would be its build for tests.
  const { NODE_ENV: _, ...env } = process.env;
  await execa(process.execPath, [join(root, 'site/test/tested.ts')], { env, extendEnv: false, stdin: 'ignore' });
  browser = await openBrowser();
  site = await serve(out, base);
});
afterAll(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
});

const urlOf = (path: string): string => `${site.origin}${base}${path}`;
/** Pages of the first version, as paths below the base. */
const pages = (): readonly string[] =>
  readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.html') && !path.startsWith('next/') && path !== '404.html',
  );

async function withPage(width: number, look: (page: Page) => Promise<void>): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  page.setDefaultTimeout(120_000);
  try {
    await look(page);
  } finally {
    await page.close();
  }
}

it('every page opens without an error, its pictures are drawn, and each link leads to a page and a heading that are there', async () => {
  const found = new Map<string, { readonly ids: readonly string[]; readonly links: readonly string[] }>();
  const faults: string[] = [];
  await withPage(1280, async (page) => {
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => message.type() === 'error' && faults.push(`${page.url()}: ${message.text()}`));
    page.on(
      'response',
      (response) => response.status() >= 400 && faults.push(`${response.url()} ${response.status()}`),
    );
    for (const path of pages()) {
      await page.goto(urlOf(path), { waitUntil: 'load' });
      // The page has come to life: until then a diagram is not drawn.
      await page.waitForFunction(() =>
        [...document.querySelectorAll('.diagram')].every((each) => each.querySelector('svg') !== null),
      );
      await page.evaluate(() => {
        for (const image of document.images) image.loading = 'eager';
      });
      await page.waitForFunction(() => [...document.images].every((image) => image.complete));
      found.set(
        page.url().replace(/#.*/, ''),
        await page.evaluate(() => ({
          ids: [...document.querySelectorAll('[id]')].map((each) => each.id),
          links: [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map((each) => each.href),
        })),
      );
      const blank = await page.evaluate(() =>
        [...document.images].filter((image) => image.naturalWidth === 0).map((image) => image.src),
      );
      faults.push(...blank.map((image) => `${path} does not show ${image}`));
    }
  });
  expect(faults).toEqual([]);
  expect(found.size).toBeGreaterThan(30);

  const dead = new Set<string>();
  for (const [from, { links }] of found) {
    for (const link of links.filter((each) => each.startsWith(site.origin))) {
      const [to = '', heading] = link.split('#');
      const target = found.get(to.endsWith('/') ? `${to}index.html` : to);
      if (target === undefined ? (await fetch(to)).status !== 200 : false) dead.add(`${from} → ${link}`);
      if (target !== undefined && heading !== undefined && heading !== '')
        if (!target.ids.includes(decodeURIComponent(heading))) dead.add(`${from} → ${link}`);
    }
  }
  expect([...dead]).toEqual([]);
  // Every page is reached from another one.
  const linked = new Set([...found.values()].flatMap(({ links }) => links.map((link) => link.replace(/#.*/, ''))));
  expect([...found.keys()].filter((url) => !linked.has(url) && !linked.has(url.replace(/index\.html$/, '')))).toEqual(
    [],
  );
});

it("every page is readable on a phone's width: nothing but tables, code and diagrams moves sideways", async () => {
  await withPage(360, async (page) => {
    const wide: string[] = [];
    for (const path of pages()) {
      await page.goto(urlOf(path), { waitUntil: 'load' });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      if (width > 360) wide.push(`${path}: ${width}`);
      // What sticks out of the page without a box that scrolls could not be read at all.
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll('.vp-doc :is(p, li, h1, h2, h3, img)')]
          .filter((each) => each.closest('table, pre, .diagram') === null && each.getBoundingClientRect().right > 361)
          .map((each) => (each.textContent ?? '').slice(0, 60)),
      );
      wide.push(...cut.map((text) => `${path} cuts off: ${text}`));
    }
    expect(wide).toEqual([]);
    await page.getByRole('button', { name: 'mobile navigation' }).click();
    await expect.poll(() => page.locator('.VPNavScreen .version-menu').isVisible()).toBe(true);
  });
});

it('the search finds each reason by its name, and leads to a page that has it', async () => {
  await withPage(1280, async (page) => {
    await page.goto(urlOf(''), { waitUntil: 'networkidle' });
    await page.keyboard.press('Control+k');
    const input = page.locator('#localsearch-input');
    const results = page.locator('.VPLocalSearchBox .result');
    for (const reason of new Set<string>([...reasons, ...accountReasons, ...feedReasons])) {
      await input.fill(reason);
      await expect.poll(() => results.first().textContent(), { message: reason }).toContain(reason);
    }
    await input.fill('LoginChanged');
    await expect.poll(() => results.first().textContent()).toContain('LoginChanged');
    await results.first().click();
    await expect.poll(() => page.locator('.vp-doc').textContent()).toContain('LoginChanged');
    expect(await page.locator('.VPLocalSearchBox').count()).toBe(0);
  });
});

it('the menu of versions leads to the same documentation of another version, and back', async () => {
  await withPage(1280, async (page) => {
    await page.goto(urlOf('guide/objects.html'), { waitUntil: 'networkidle' });
    const menu = page.locator('.VPNavBar .version-menu');
    await menu.selectOption({ label: 'next' });
    await page.waitForURL(urlOf('next/'));
    await page.getByRole('link', { name: 'Objects', exact: true }).first().click();
    await page.waitForURL(urlOf('next/guide/objects.html'));
    await menu.selectOption({ label: '9.9.0' });
    await page.waitForURL(urlOf(''));
  });
});
