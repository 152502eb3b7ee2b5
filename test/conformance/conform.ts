// Holds any client to the wire contract, by its command line alone.
import { randomBytes } from 'node:crypto';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually } from '../kit/process/daemon.ts';
import { checkEchoes, checkHeaders, checkOnce, echoPoints } from './echoes.ts';
import { type PointKey, type Verdict, Verdicts } from './points.ts';
import { checkRecords, heartbeatsIn, intervalOf } from './records.ts';
import { type RunningClient, type Site, startSite, whenSeen } from './site.ts';

/** What is done with a client, in this order. `records`: its echoes and what it publishes. */
export const stages = ['records', 'reconnect', 'login', 'ids'] as const;
export type Stage = (typeof stages)[number];

export interface ConformanceOptions {
  /** A command line for sh that starts the client. */
  readonly command: string;
  /** Path of the nats-server. */
  readonly server: string;
  /** All of them by default. */
  readonly only?: readonly Stage[];
  /** How long the client may take for a step. */
  readonly patience_ms?: number;
}

const pointsOf: Readonly<Record<Stage, readonly PointKey[]>> = {
  records: [
    'connects',
    'id.given',
    'id.name',
    ...echoPoints,
    'log.record',
    'log.levels',
    'heartbeat.record',
    'heartbeat.headers',
    'heartbeat.sequence',
    'records.own',
    'records.known',
  ],
  reconnect: ['reconnect.server', 'reconnect.once'],
  login: ['login.refused', 'login.pace', 'login.again'],
  ids: ['id.scheme', 'id.unique'],
};
const mayBeAbsent: readonly PointKey[] = [
  'echo.clock',
  'log.record',
  'log.levels',
  'heartbeat.record',
  'heartbeat.headers',
  'heartbeat.sequence',
];

/** `nats-ui-{type}-{os}-{random}`, as nunect's web page makes it. */
const scheme = /^nats-ui-(mobile|laptop|tablet)-(win|mac|linux|ios|android)-[0-9a-z]{4}$/;

interface Trial {
  readonly site: Site;
  readonly verdicts: Verdicts;
  readonly patience_ms: number;
}

/** What a client printed last, for who looks for what is wrong with it. */
const lastWords = (client: RunningClient): string => {
  const text = client
    .output()
    .trim()
    .replace(/\s*\n\s*/g, ' | ');
  return text === '' ? 'it printed nothing' : `it printed: ${text.slice(-300)}`;
};

/** Three heartbeats, where it sends any. */
async function waitForHeartbeats({ site, patience_ms }: Trial): Promise<void> {
  const [first] = heartbeatsIn(site.records);
  if (first === undefined) return;
  const limit_ms = Math.max(patience_ms, 3000 * intervalOf(first));
  await eventually('three heartbeats', () => heartbeatsIn(site.records).length >= 3, limit_ms).catch(
    () => {},
  );
}

/** Starts the client with an id, and gives the id that it has; undefined where it does not come. */
async function begin(trial: Trial, client: RunningClient, id: string): Promise<string | undefined> {
  const { site, verdicts, patience_ms } = trial;
  const seen =
    (await whenSeen(site, patience_ms, [client], (all) => all.some((one) => one.id === id))) ??
    (await site.seen());
  const [connection] = seen;
  verdicts.say('connects', connection ? undefined : `it did not connect; ${lastWords(client)}`);
  if (connection === undefined) return undefined;
  const has = seen.find((one) => one.id !== undefined)?.id;
  verdicts.say(
    'id.given',
    has === id ? undefined : `given ${id}, it answers at ${has ?? 'no ops.echo subject'}`,
  );
  const names = seen.map(({ name }) => name);
  verdicts.say(
    'id.name',
    names.includes(has ?? id) ? undefined : `it is named '${names}', its id is ${has ?? id}`,
  );
  return has ?? id;
}

async function records(trial: Trial, id: string): Promise<void> {
  const { site, verdicts } = trial;
  await checkEchoes(site.nc(), id, verdicts);
  await waitForHeartbeats(trial);
  // by now it may have a clock
  await checkHeaders(site.nc(), id, verdicts).catch(() => {});
  checkRecords(site.records, id, verdicts);
}

const isBack = (id: string) => (all: readonly { readonly id: string | undefined }[]) =>
  all.some((one) => one.id === id);

async function reconnect(
  { site, verdicts, patience_ms }: Trial,
  client: RunningClient,
  id: string,
): Promise<void> {
  await site.killServer();
  const back = await whenSeen(site, patience_ms, [client], isBack(id));
  verdicts.say('reconnect.server', back ? undefined : `it did not come back; ${lastWords(client)}`);
  if (back === undefined) return;
  try {
    await checkOnce(site.nc(), `ops.echo.${id}`, 10, 'reconnect.once', verdicts);
  } catch (error) {
    verdicts.fail('reconnect.once', String(error));
  }
}

async function login(
  { site, verdicts, patience_ms }: Trial,
  client: RunningClient,
  id: string,
): Promise<void> {
  const before = site.refusals();
  const begun_ms = performance.now();
  await site.refuse(true);
  const count = (): number => site.refusals() - before;
  const passed_s = (): number => (performance.now() - begun_ms) / 1000;
  const isEnough = (): boolean => count() >= 3 && passed_s() > 1; // one that hurries shows it
  await eventually('three refusals', isEnough, patience_ms).catch(() => {});
  const tried = count();
  const for_s = passed_s();
  verdicts.say('login.refused', tried >= 3 ? undefined : `${tried} attempts in ${for_s.toFixed(0)} s`);
  const pace = `${tried} attempts in ${for_s.toFixed(1)} s`;
  verdicts.say('login.pace', tried <= 5 + 5 * for_s ? undefined : pace);
  await site.refuse(false);
  const back = await whenSeen(site, patience_ms, [client], isBack(id));
  verdicts.say('login.again', back ? undefined : `it did not come back; ${lastWords(client)}`);
}

async function ids({ site, verdicts, patience_ms }: Trial): Promise<void> {
  const clients = [site.start({}), site.start({})];
  const have =
    (await whenSeen(site, patience_ms, clients, (all) => all.filter(({ id }) => id).length >= 2)) ?? [];
  const found = have.flatMap(({ id }) => id ?? []);
  const wrong = found.find((id) => !scheme.test(id));
  const missing =
    found.length < 2 ? `${found.length} of 2 came: ${clients.map(lastWords).join('; ')}` : undefined;
  verdicts.say('id.scheme', missing ?? (wrong === undefined ? undefined : `'${wrong}' is not of the scheme`));
  verdicts.say(
    'id.unique',
    missing ?? (new Set(found).size === found.length ? undefined : `both are ${found[0]}`),
  );
  await Promise.all(clients.map((one) => one.endGently()));
}

const later = { reconnect, login } as const;

/** Gives a verdict on each point that was looked at. */
export async function conform(options: ConformanceOptions): Promise<Verdict[]> {
  const { command, server, only = stages, patience_ms = 60_000 } = options;
  const owner = newOwner();
  const verdicts = new Verdicts();
  try {
    const site = await startSite(owner, server, command);
    const trial = { site, verdicts, patience_ms };
    const given = `conformance-${randomBytes(3).toString('hex')}`;
    const client = site.start({ NUNECT_ID: given });
    const id = await begin(trial, client, given);
    if (id !== undefined && only.includes('records')) await records(trial, id);
    for (const stage of ['reconnect', 'login'] as const)
      if (id !== undefined && only.includes(stage)) await later[stage](trial, client, id);
    await client.endGently();
    if (only.includes('ids')) await ids(trial);
    for (const stage of only) {
      const tried = pointsOf[stage].filter((point) => !mayBeAbsent.includes(point));
      verdicts.rest(tried, 'FAIL', `not tried; ${lastWords(client)}`);
      verdicts.rest(
        mayBeAbsent.filter((point) => pointsOf[stage].includes(point)),
        'absent',
        'it was not seen',
      );
    }
  } finally {
    await owner.end();
  }
  return verdicts.list();
}
