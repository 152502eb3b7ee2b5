// What to do about each thing that is wrong with a hub. Pure.
import { prettyBytes, prettySpan, shellWord } from '../../../lib/format.ts';
import { known } from '../../../lib/known.ts';
import type { HubFinding, HubServer, HubStreamView, HubView } from '../../servers/model.ts';
import { count, counted } from '../look/marks.ts';

/** What can be done: a sentence, a command, and where that is to be typed. */
export interface Remedy {
  readonly words?: string;
  readonly command?: string;
  readonly where?: string;
}

const day_s = 86_400;
const gib = 2 ** 30;

/** `server_gone:hub-b` is of condition `server_gone`, and of hub-b. */
export function partsOfKey(key: string): readonly [string, string] {
  const at = key.indexOf(':');
  return [key.slice(0, at), key.slice(at + 1)];
}

/** More room, or fewer days; the records of units are as `nunect-hub init` was asked, and `up` sees to that. */
function roomRemedy(stream: HubStreamView, words: string | undefined): Remedy {
  const { account, name, growth, max_age_s, limit, discard } = stream;
  const perDay = growth?.bytes_per_day ?? 0;
  const said = known({ words });
  if (limit?.by === 'store') return { words: words ?? 'Give the servers more room, or the stream a limit.' };
  if (account === 'FLEET' && name === 'NUNECT') {
    const wanted = max_age_s === undefined ? 0 : (perDay * max_age_s) / day_s;
    const store = Math.ceil(Math.max(wanted, (limit?.max ?? 0) * 1.25) / gib);
    const where = 'on the machine of the hub, then reload nunect-hub';
    return { ...said, command: `nunect-hub init --store ${store}`, where };
  }
  const where = `with a login of account ${account} that may do that`;
  const fits = perDay > 0 && limit?.by === 'bytes' ? Math.floor(limit.max / perDay) : 0;
  const isShorter = discard === 'old' && max_age_s !== undefined && fits >= 1 && fits * day_s < max_age_s;
  const edit = `nats stream edit ${shellWord(name)}`;
  if (isShorter) return { ...said, command: `${edit} --max-age ${fits}d`, where };
  if (limit?.by !== 'bytes') return said;
  return { ...said, command: `${edit} --max-bytes ${Math.ceil(limit.max * 1.5)}`, where };
}

function copiesWords({ copies }: HubStreamView): string {
  const lacking = copies.behind.map(({ server, lag, offline }) =>
    offline ? `${server} is away` : `${server} lacks ${counted(lag, 'message')}`,
  );
  return ['it mends itself once all servers run', ...lacking].join('; ');
}

/** How far a server is that catches up. */
function catchingWords({ catching_up, uptime_s }: HubServer): string | undefined {
  if (catching_up === undefined) return undefined;
  const { lag, left_s } = catching_up;
  const since = uptime_s !== undefined && uptime_s < day_s ? `, up for ${prettySpan(uptime_s)}` : '';
  const left = left_s === undefined ? '' : `; done in about ${prettySpan(left_s)} at this rate`;
  return `it lacks ${count(lag)} ${lag === 1 ? 'message' : 'messages'}${since}${left}`;
}

function slowWords(view: HubView, what: string): string {
  const one = view.slow.now.find(({ server, who }) => `${server}/${who}` === what);
  const end = one?.max_bytes === undefined ? '' : ` at ${prettyBytes(one.max_bytes)}`;
  return `The server cuts it off${end}; nobody else waits for it. It, or its network, is too slow for what it subscribes to.`;
}

const renewal =
  'of a CA of others: renew the file, and up takes it over; of the hub’s own: with the folder of the keys';

type Of = (view: HubView, what: string, finding: HubFinding) => Remedy;

const remedies: ReadonlyMap<string, Of> = new Map<string, Of>([
  [
    'server_gone',
    (_view, name) => ({
      words: 'Start it again before another one is lost.',
      command: 'systemctl start nunect-hub',
      where: `on ${name}`,
    }),
  ],
  [
    'server_degraded',
    (view, name) => {
      const words = view.servers.filter((one) => one.name === name).map(catchingWords)[0];
      return words === undefined ? { command: 'nunect-hub status', where: `on ${name}` } : { words };
    },
  ],
  ['server_certificate', (_view, name) => ({ command: 'nunect-hub init', where: `on ${name}; ${renewal}` })],
  [
    'stream_full',
    (view, what, { remedy }) => {
      const stream = view.streams.find(({ account, name }) => `${account}/${name}` === what);
      return stream === undefined ? known({ words: remedy }) : roomRemedy(stream, remedy);
    },
  ],
  [
    'stream_leader',
    () => ({ words: 'Most of the servers that have it must run: start those that are gone.' }),
  ],
  [
    'stream_copies',
    (view, what) => {
      const stream = view.streams.find(({ account, name }) => `${account}/${name}` === what);
      return stream === undefined ? {} : { words: copiesWords(stream) };
    },
  ],
  ['slow_consumer', (view, what) => ({ words: slowWords(view, what) })],
  ['hub_unseen', () => ({ command: 'nunect-hub status', where: 'on the machine of the hub' })],
]);

/** What is to be done about a finding. */
export function remedyOf(finding: HubFinding, view: HubView): Remedy {
  const [condition, what] = partsOfKey(finding.key);
  return remedies.get(condition)?.(view, what, finding) ?? known({ words: finding.remedy });
}
