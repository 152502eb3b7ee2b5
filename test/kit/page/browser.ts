import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Cleanup } from '../process/cleanup.ts';
import { need } from '../process/tools.ts';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A headless Chromium; gone when its owner ends. */
export async function startBrowser(owner: Cleanup): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: need('chromium'), args: quiet });
  owner.after(() => browser.close());
  return browser;
}

/** A page, and what went wrong on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors of script and console, which tells of violations of the policy, and requests to any other origin. */
  readonly wrong: string[];
  /** Paths that were asked for. */
  readonly asked: string[];
}

/** Opens a page in a context of its own. */
export async function openPage(
  browser: Browser,
  url: string,
  opts: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(opts);
  const page = await context.newPage();
  const wrong: string[] = [];
  const asked: string[] = [];
  const { origin } = new URL(url);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('request', (request) => {
    const target = new URL(request.url());
    if (target.protocol === 'data:') return;
    if (target.origin !== origin) wrong.push(`request to ${request.url()}`);
    else asked.push(target.pathname);
  });
  await page.goto(url);
  return { page, wrong, asked };
}

/** Texts and curves whose contrast is below what WCAG 2 asks for (AA), as `ratio text`; computed from the styles. `least`: so many must be there. */
export const tooFaint = (page: Page, least = 20): Promise<string[]> =>
  page.evaluate(`(() => {
    const parse = (text) => {
      const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
      return { r, g, b, a };
    };
    const over = (top, under) =>
      Object.fromEntries(['r', 'g', 'b'].map((c) => [c, top[c] * top.a + under[c] * (1 - top.a)]));
    const backOf = (element) => {
      const own = parse(getComputedStyle(element).backgroundColor);
      if (own.a === 1) return own;
      const under = element.parentElement ? backOf(element.parentElement) : { r: 255, g: 255, b: 255, a: 1 };
      return { ...over(own, under), a: 1 };
    };
    const linear = (value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    const light = ({ r, g, b }) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    const ratio = (a, b) => {
      const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
      return (high + 0.05) / (low + 0.05);
    };
    const found = [];
    let seen = 0;
    const check = (element, colour, least, what) => {
      const back = backOf(element);
      const value = ratio(over(parse(colour), back), back);
      seen += 1;
      if (value < least) found.push(value.toFixed(2) + ' ' + what);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const element = node.parentElement;
      const style = getComputedStyle(element);
      if (!node.nodeValue.trim() || element.closest('script,title,[hidden]') || style.visibility === 'hidden') continue;
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      check(element, style.color, large ? 3 : 4.5, node.nodeValue.trim());
    }
    for (const path of document.querySelectorAll('.ln'))
      check(path.closest('section'), getComputedStyle(path).stroke, 3, 'curve');
    for (const mark of document.querySelectorAll('.out, rect')) {
      const { fill, stroke } = getComputedStyle(mark);
      check(mark.closest('section'), fill.startsWith('url') ? stroke : fill, 3, 'mark'); // a pattern has an outline
    }
    if (seen < ${least}) found.push('hardly anything to look at: ' + seen);
    return found;
  })()`);
