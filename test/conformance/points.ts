// What a client of the backbone must do, point by point: what the verdict of `make conformance` is made of.

/** `always`: it must hold. `seen`: where the client does this at all. `advised`: units do it so. */
type Need = 'always' | 'seen' | 'advised';

interface Point {
  readonly need: Need;
  /** What holds of a client that is right. */
  readonly text: string;
}

export const points = {
  connects: { need: 'always', text: 'connects with the login that it is given' },
  'id.given': { need: 'always', text: 'takes the id that it is given: it answers at ops.echo.<id>' },
  'id.scheme': { need: 'always', text: 'without one it makes nats-ui-{type}-{os}-{random}' },
  'id.unique': { need: 'always', text: 'two of them have different ids' },
  'id.name': { need: 'always', text: 'its connection has the id as its name' },
  'echo.payload': { need: 'always', text: 'an echo has the payload of the request, whatever bytes that is' },
  'echo.headers': { need: 'always', text: 'an echo has the headers of the request, with all their values' },
  'echo.unit': { need: 'always', text: 'an echo has the id in X-Unit-ID' },
  'echo.times': {
    need: 'always',
    text: 'X-Server-Received-At and X-Server-Sent-At are Unix us, between request and reply',
  },
  'echo.clock': {
    need: 'seen',
    text: 'what an echo says of its clock is what the unit said, and its times are by that clock',
  },
  'echo.once': { need: 'always', text: 'each of many requests at once is answered, and once' },
  'echo.aim': { need: 'advised', text: 'a requester cannot aim an echo at another subject than an inbox' },
  'echo.server': { need: 'advised', text: 'headers by which a server acts do not go back' },
  'echo.large': {
    need: 'advised',
    text: 'a request that fills max_payload is answered, if only by an error',
  },
  'log.record': {
    need: 'seen',
    text: 'log records validate by docs/schema/log.json, on ops.log.<LEVEL>.<id> with that level and id',
  },
  'log.levels': { need: 'advised', text: 'it logs with each of the five levels' },
  'heartbeat.record': { need: 'seen', text: 'heartbeats validate by docs/schema/heartbeat.json' },
  'heartbeat.headers': { need: 'seen', text: 'the headers of a heartbeat say what its body says' },
  'heartbeat.sequence': { need: 'seen', text: 'heartbeats are numbered without a gap' },
  'records.own': { need: 'always', text: 'all its records are under its own id' },
  'records.known': { need: 'always', text: 'an unknown value is left out: nothing is null' },
  'reconnect.server': { need: 'always', text: 'it is back by itself after the server was killed' },
  'reconnect.once': { need: 'always', text: 'and answers each request once' },
  'login.refused': { need: 'always', text: 'while its login is refused it goes on trying' },
  'login.pace': { need: 'always', text: 'at most five times a second' },
  'login.again': { need: 'always', text: 'it is back by itself when its login is right again' },
} as const satisfies Readonly<Record<string, Point>>;
export type PointKey = keyof typeof points;

/** What became of a point. `absent`: the client does not do this, or not while it was watched. */
export interface Verdict {
  readonly point: PointKey;
  readonly is: 'pass' | 'FAIL' | 'absent';
  /** What was seen instead. */
  readonly why?: string;
}

/** Whether a client is refused for it; `strict` takes what is advised as a must, and misses what is absent. */
export function isRefused({ point, is }: Verdict, strict: boolean): boolean {
  if (is === 'pass') return false;
  const { need } = points[point];
  return strict || need === 'always' || (need === 'seen' && is === 'FAIL');
}

/** A line for people, and one below it with what was seen instead. */
export function verdictLine({ point, is, why }: Verdict): string {
  const { need, text } = points[point];
  const said = `${is.padEnd(7)} ${point.padEnd(18)} ${text}${need === 'advised' ? ' (advised)' : ''}`;
  return why === undefined ? said : `${said}\n${' '.repeat(27)}${why}`;
}

/** The last line for people: how many points hold, and what is said of the others. */
export function summaryOf(verdicts: readonly Verdict[], strict: boolean): string {
  const refused = verdicts.filter((verdict) => isRefused(verdict, strict));
  if (refused.length > 0) return `DOES NOT CONFORM: ${refused.map(({ point }) => point).join(', ')}`;
  const those = (is: Verdict['is']): string[] => verdicts.flatMap((one) => (one.is === is ? one.point : []));
  const [failing, absent] = [those('FAIL'), those('absent')];
  return [
    `conforms: ${those('pass').length} of ${verdicts.length} points hold`,
    ...(failing.length > 0 ? [`advised, and do not: ${failing.join(', ')}`] : []),
    ...(absent.length > 0 ? [`absent: ${absent.join(', ')}`] : []),
  ].join('; ');
}

/** Takes the verdicts down as they fall: the first failure of a point stands. */
export class Verdicts {
  readonly #all = new Map<PointKey, Verdict>();

  /** A point holds, as long as nothing else is said of it. */
  pass(point: PointKey): void {
    if (!this.#all.has(point)) this.#all.set(point, { point, is: 'pass' });
  }

  fail(point: PointKey, why: string): void {
    if (this.#all.get(point)?.is !== 'FAIL') this.#all.set(point, { point, is: 'FAIL', why });
  }

  /** `why` is what is wrong; undefined where it holds. */
  say(point: PointKey, why: string | undefined): void {
    if (why === undefined) this.pass(point);
    else this.fail(point, why);
  }

  /** All of these that nothing was said of. */
  rest(keys: readonly PointKey[], is: 'FAIL' | 'absent', why: string): void {
    for (const point of keys) if (!this.#all.has(point)) this.#all.set(point, { point, is, why });
  }

  /** In the order of the table. */
  list(): Verdict[] {
    return (Object.keys(points) as PointKey[]).flatMap((point) => this.#all.get(point) ?? []);
  }
}
