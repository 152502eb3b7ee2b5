// A page's script. It fetches what the server makes of the page now and changes the page where it differs: what is
// seen with and without it comes from one renderer.

/** What of a browser the script uses. */
interface Browser {
  readonly document: BrowserDocument;
  readonly DOMParser: new () => { parseFromString(text: string, type: 'text/html'): BrowserDocument };
  readonly location: { reload(): void };
  getSelection(): { removeAllRanges(): void; addRange(range: object): void };
  fetch(
    path: string,
    opts: { readonly signal: AbortSignal },
  ): Promise<{ readonly ok: boolean; text(): Promise<string> }>;
  setTimeout(fn: () => void, ms: number): number;
  clearTimeout(timer: number): void;
}

interface BrowserDocument {
  readonly hidden: boolean;
  readonly activeElement: { focus(): void } | null;
  readonly documentElement: BrowserNode;
  querySelector(selector: string): BrowserNode;
  querySelectorAll(selector: string): Iterable<BrowserNode>;
  addEventListener(event: string, fn: (event: { readonly target: BrowserNode }) => void): void;
  createRange(): { selectNodeContents(node: BrowserNode): void };
  execCommand(name: 'copy'): boolean;
}

interface BrowserNode {
  readonly nodeName: string;
  nodeValue: string | null;
  textContent: string | null;
  hidden: boolean;
  className: string;
  title: string;
  readonly parentNode: BrowserNode;
  readonly childNodes: Iterable<BrowserNode>;
  /** Empty where it has none; texts have none at all. */
  readonly id?: string;
  /** Elements have them, texts do not. */
  readonly attributes?: Iterable<{ readonly name: string; readonly value: string }>;
  isEqualNode(other: BrowserNode): boolean;
  querySelector(selector: string): BrowserNode;
  getAttribute(name: string): string | null;
  hasAttribute(name: string): boolean;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  replaceWith(node: BrowserNode): void;
  insertBefore(node: BrowserNode, next: BrowserNode | null): void;
  remove(): void;
}

/** Makes `old` equal to `fresh` with as few changes as keep selection and focus. */
function merge(old: BrowserNode, fresh: BrowserNode): void {
  if (old.isEqualNode(fresh)) return; // of 1,000 rows most are
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
    return;
  }
  if (old.attributes === undefined || fresh.attributes === undefined) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  for (const { name } of [...old.attributes])
    if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name); // what was unfolded stays so
  for (const { name, value } of fresh.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const there = [...old.childNodes];
  for (const child of [...fresh.childNodes]) {
    let at = there.findIndex(({ id }) => (id || '') === (child.id || '')); // what has a name goes where its name goes
    if (at === 1 && there[0]?.id) {
      old.insertBefore(there[0], null); // it goes farther down: it moves, and not all others
      there.push(...there.splice(0, 1));
      at = 0;
    }
    const [mine] = at < 0 ? [] : there.splice(at, 1);
    if (at !== 0) old.insertBefore(mine ?? child, there[0] ?? null);
    if (mine) merge(mine, child);
  }
  for (const extra of there) extra.remove();
}

/** Adds the time where the browser is to that of the unit. */
function localise(document: Pick<BrowserDocument, 'querySelectorAll'>): void {
  for (const node of document.querySelectorAll('time[datetime]')) {
    const local = new Date(node.getAttribute('datetime') ?? '');
    const words = `${local.toTimeString().slice(0, 8)} here`;
    if (node.getAttribute('id') === 'asof') node.textContent += ` · ${words}`;
    else node.title = words;
  }
}

/** Copies the command beside a button. */
function copy(browser: Browser, button: BrowserNode): void {
  const { document } = browser;
  const range = document.createRange();
  range.selectNodeContents(button.parentNode.querySelector('code'));
  const selection = browser.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  button.textContent = document.execCommand('copy') ? 'Copied' : 'Press Ctrl-C';
}

/** Shows what the server makes of the page now; reloads the page when the server is another version. */
function show({ document, location, DOMParser }: Browser, text: string): void {
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  localise(fresh);
  const [old, now] = [document.querySelector('main'), fresh.querySelector('main')];
  if (old.getAttribute('data-made') !== now.getAttribute('data-made')) {
    location.reload();
    return;
  }
  const focused = document.activeElement;
  for (const part of ['title', 'link', 'main'])
    merge(document.querySelector(part), fresh.querySelector(part));
  if (focused !== document.activeElement) focused?.focus(); // it has moved
}

/**
 * Keeps the page up to date: asks every 2 s, not while it is hidden, and ever more seldom, down to every 30 s, when
 * there is no answer.
 */
function live(browser: Browser): void {
  const { document } = browser;
  const page = {
    answered: new Date(),
    failures: 0,
    asking: false,
    timer: 0,

    /** Shows since when there is no answer, or nothing. */
    showFailure(): void {
      const banner = document.querySelector('#gone');
      banner.hidden = page.failures === 0;
      banner.textContent = banner.hidden
        ? ''
        : `■ No answer since ${page.answered.toTimeString().slice(0, 8)}`;
    },

    async ask(): Promise<void> {
      page.asking = true;
      try {
        const from = document.querySelector('main').getAttribute('data-now');
        const response = await browser.fetch(from ?? '/now', { signal: AbortSignal.timeout(5000) });
        const text = await response.text();
        if (!response.ok) throw response;
        show(browser, text);
        page.answered = new Date();
        page.failures = 0;
      } catch {
        page.failures += 1;
      }
      page.asking = false;
      page.showFailure();
      page.wait();
    },

    wait(): void {
      browser.clearTimeout(page.timer);
      if (document.hidden || page.asking) return;
      page.timer = browser.setTimeout(() => page.ask(), Math.min(30_000, 2000 * 2 ** page.failures));
    },
  };
  document.documentElement.className = 'js';
  localise(document);
  document.addEventListener('click', ({ target }) => {
    if (target.className === 'copy') copy(browser, target);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden || page.asking) page.wait();
    else page.ask();
  });
  page.wait();
}

/** What is sent to the browser: the source of these, which therefore use nothing but each other. */
export const liveScript = `(()=>{${merge}\n${localise}\n${copy}\n${show}\n(${live})(window)})()`;
