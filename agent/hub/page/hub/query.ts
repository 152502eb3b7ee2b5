// What the hub's page is asked for, by the query of its address. Pure.

export const hubPageViews = ['overview', 'links', 'consumers', 'events'] as const;
export const linkSorts = ['rtt', 'far', 'name', 'server', 'account', 'in', 'out', 'since'] as const;
export const pageSizes = [50, 100, 500, 1000] as const;

/** Round trips are counted in so many classes, five to each power of ten, from 0.1 ms on. */
export const rttClasses = 20;

/** A view of the hub. Of links: whose name, address, server or account has `q` in it, and so on. */
export interface HubQuery {
  readonly view: (typeof hubPageViews)[number];
  readonly q: string;
  readonly server: string;
  readonly account: string;
  /** Class of the round trip. */
  readonly rtt?: number;
  readonly sort: (typeof linkSorts)[number];
  /** Rows of a page, and which page, from 1 on. */
  readonly n: number;
  readonly page: number;
}

/** Nothing asked. */
const plainQuery: HubQuery = {
  view: 'overview',
  q: '',
  server: '',
  account: '',
  sort: 'rtt',
  n: 100,
  page: 1,
};

const mostText = 128;
const keys: readonly string[] = ['view', 'q', 'server', 'account', 'rtt', 'sort', 'n', 'page'];

const whole = (text: string): number => (/^\d{1,6}$/.test(text) ? Number(text) : -1);

/** Takes what is understood; of the rest it says what it was and what is allowed. Texts of others: to be escaped. */
export function hubQueryOf(asked: URLSearchParams): {
  readonly query: HubQuery;
  readonly strange: readonly string[];
} {
  const strange: string[] = [];
  const text = (key: string): string => (asked.get(key) ?? '').trim().slice(0, mostText);
  const taken = <T>(key: string, allowed: string, read: (given: string) => T | undefined): T | undefined => {
    const given = text(key);
    if (given === '') return undefined;
    const value = read(given);
    if (value === undefined) strange.push(`${key} '${given.slice(0, 40)}' must be ${allowed}`);
    return value;
  };
  const word = <T extends string>(key: string, words: readonly T[]): T | undefined =>
    taken(key, `one of ${words.join(', ')}`, (given) => words.find((one) => one === given));
  const number = (key: string, allowed: string, isOne: (value: number) => boolean): number | undefined =>
    taken(key, allowed, (given) => (isOne(whole(given)) ? whole(given) : undefined));
  for (const key of new Set(asked.keys()))
    if (!keys.includes(key)) strange.push(`'${key.slice(0, 40)}' is not known; there are ${keys.join(', ')}`);
  const sizes: readonly number[] = pageSizes;
  const rtt = number('rtt', `from 0 to ${rttClasses - 1}`, (value) => value >= 0 && value < rttClasses);
  const query = {
    view: word('view', hubPageViews) ?? plainQuery.view,
    ...{ q: text('q'), server: text('server'), account: text('account') },
    ...(rtt === undefined ? {} : { rtt }),
    sort: word('sort', linkSorts) ?? plainQuery.sort,
    n: number('n', `one of ${sizes.join(', ')}`, (value) => sizes.includes(value)) ?? plainQuery.n,
    page: number('page', 'a number from 1 on', (value) => value >= 1) ?? plainQuery.page,
  };
  return { query, strange: strange.slice(0, 5) };
}

/** The address of that view: what is as usual is left out. */
export function hubPath(query: Partial<HubQuery>): string {
  const asked = new URLSearchParams();
  for (const key of keys as readonly (keyof HubQuery)[]) {
    const value = query[key];
    if (value !== undefined && value !== plainQuery[key]) asked.set(key, String(value));
  }
  const text = asked.toString();
  return text === '' ? '/hub' : `/hub?${text}`;
}
