/** What this looks at of a browser, or of Node. */
export interface Surroundings {
  readonly location?: { readonly search: string };
  readonly navigator?: { readonly userAgent?: string; readonly maxTouchPoints?: number };
  readonly process?: { readonly platform: string };
}

const possible = /^[A-Za-z0-9_-]{1,64}$/;

/** Gives the id back; throws where it cannot stand in a subject. */
export function checkedId(id: string): string {
  if (possible.test(id)) return id;
  throw new Error(`id '${id}': allowed are 1 to 64 of A-Za-z0-9_-`);
}

/** Type and OS: of a browser by its user agent, of Node by its platform. */
function kindOf({ navigator = {}, process }: Surroundings): string {
  const { userAgent = '', maxTouchPoints = 0 } = navigator;
  const text = process?.platform ?? userAgent;
  // an iPad calls itself a Mac, and has what no Mac has
  if (/iPad/.test(text) || (/Macintosh/.test(text) && maxTouchPoints > 1)) return 'tablet-ios';
  if (/iPhone/.test(text)) return 'mobile-ios';
  if (/Android/.test(text)) return /Mobile/.test(text) ? 'mobile-android' : 'tablet-android';
  const os = /Mac|darwin/.test(text) ? 'mac' : /win/i.test(text) ? 'win' : 'linux';
  return `${/Mobi/.test(text) ? 'mobile' : 'laptop'}-${os}`;
}

/**
 * The id of this client: that of the page's address (`?client=custom-name`) where there is one, else
 * `nats-ui-{type}-{os}-{random}` such as `nats-ui-laptop-linux-a7b3`, another one at each call. Throws where the one of
 * the address is not possible.
 */
export function clientId(where: Surroundings = globalThis as Surroundings): string {
  const given = new URLSearchParams(where.location?.search ?? '').get('client');
  if (given !== null) return checkedId(given);
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return `nats-ui-${kindOf(where)}-${number.toString(36).padStart(4, '0').slice(-4)}`;
}
