// What is seen on a page, and whether its markup is as it should be, without a browser.

/** The text that a person sees, tags as blanks. */
export const seenWords = (page: string): string =>
  page
    .replace(/<(style|script)>.*?<\/\1>/gs, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#39;/g, "'")
    .replace(/&quot;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, ' ')
    .trim();

/** What a person reads: the same, as sentences. */
export const seenOf = (page: string): string => seenWords(page).replace(/ (?=[.,;:)])|(?<=\() /g, '');

/** Names of the elements with an `id`, in their order. */
export const idsOf = (page: string): string[] =>
  [...page.matchAll(/<[a-z][^>]*? id="([^"]*)"/g)].map(([, id = '']) => id);

const empty: readonly string[] = ['meta', 'link', 'input', 'br', 'hr', 'img', 'path', 'rect', 'circle'];

interface Tag {
  readonly name: string;
  readonly isEnd: boolean;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
}

/** All tags; whatever looks like one and cannot be read as such is a tag without a name. */
function tagsOf(page: string): Tag[] {
  const bare = page.replace(/<(style|script)>.*?<\/\1>/gs, '').replace(/<!--.*?-->|<!doctype html>/gs, '');
  return [...bare.matchAll(/<[^>]*>?/g)].map(([text]) => {
    const [, end, name = '', rest = ''] =
      /^<(\/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<]*")?)*)\/?>$/i.exec(text) ?? [];
    const attributes = new Map(
      [...rest.matchAll(/ ([a-z-]+)(?:="([^"]*)")?/gi)].map(([, key = '', value = '']) => [key, value]),
    );
    return { name: name.toLowerCase(), isEnd: end === '/', attributes, text };
  });
}

function nesting(tags: readonly Tag[]): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const { name, isEnd, text } of tags) {
    if (name === '') wrong.push(`no tag: ${text.slice(0, 80)}`);
    else if (isEnd && open.pop() !== name) wrong.push(`${text} ends nothing`);
    else if (!isEnd && !empty.includes(name) && !text.endsWith('/>')) open.push(name);
  }
  return [...wrong, ...open.map((name) => `<${name}> has no end`)];
}

function ofTag({ name, isEnd, attributes, text }: Tag): string[] {
  if (isEnd) return [];
  const wrong: string[] = [];
  const isLabelled = attributes.has('aria-label') || attributes.get('type') === 'hidden';
  for (const [key, value] of attributes) {
    if (key === 'style' || key.startsWith('on')) wrong.push(`${key} is not allowed: ${text}`);
    if ((key === 'href' || key === 'action' || key === 'src') && !/^(\/(?!\/)|#|data:image\/svg)/.test(value))
      wrong.push(`leads elsewhere: ${text}`);
  }
  if (name === 'th' && !attributes.has('scope')) wrong.push(`of no scope: ${text}`);
  if (name === 'table' && !isLabelled) wrong.push('a table without a name');
  if (name === 'input' && !isLabelled) wrong.push(`without a label: ${text}`);
  if (name === 'svg' && !isLabelled && attributes.get('aria-hidden') !== 'true')
    wrong.push(`a picture without words: ${text}`);
  return wrong;
}

function headings(tags: readonly Tag[]): string[] {
  const levels = tags
    .filter(({ name, isEnd }) => !isEnd && /^h[1-6]$/.test(name))
    .map(({ name }) => Number(name[1]));
  return levels.flatMap((level, at) =>
    level > (levels[at - 1] ?? 0) + 1 ? [`h${level} follows h${levels[at - 1]}`] : [],
  );
}

/** What is wrong with the markup of a whole page: nesting, headings, labels, ids, and what the policy forbids. */
export function markupComplaints(page: string): string[] {
  const tags = tagsOf(page);
  const ids = idsOf(page);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `id ${id} stands there twice`);
  const words = /undefined|NaN|\[object/.exec(seenWords(page));
  return [
    ...nesting(tags),
    ...tags.flatMap(ofTag),
    ...headings(tags),
    ...twice,
    ...(words === null ? [] : [`the page says ${words[0]}`]),
  ];
}
