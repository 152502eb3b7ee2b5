// `make conformance`: our own client holds every point, in Node and in Chromium; one that shares no code with it does too,
// and with each point in which that one is made wrong it is refused, for that point.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { conform, type Stage } from '../conformance/conform.ts';
import {
  isRefused,
  type PointKey,
  points,
  summaryOf,
  type Verdict,
  verdictLine,
} from '../conformance/points.ts';
import { clientPage, type InstalledClient, installClient } from '../kit/client/installed.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { runToEnd } from '../kit/process/daemon.ts';
import { lacking, natsServers, need, projectRoot, tool } from '../kit/process/tools.ts';

const owner = newOwner();
after(() => owner.end());
const server = natsServers().newest ?? need('nats-server');
const plain = `exec ${process.execPath} ${join(projectRoot, 'test/kit/client/plain.mjs')}`;
const everyPoint = Object.keys(points) as PointKey[];
let installed: InstalledClient;
before(() => {
  installed = installClient(owner);
});

const text = (verdicts: readonly Verdict[]): string => verdicts.map(verdictLine).join('\n');
const refusedIn = (verdicts: readonly Verdict[]): PointKey[] =>
  verdicts.filter((verdict) => isRefused(verdict, true)).map(({ point }) => point);

/** Every point was looked at, and holds. */
async function holdsAll(command: string): Promise<void> {
  const verdicts = await conform({ command, server });
  assert.deepEqual(refusedIn(verdicts), [], text(verdicts));
  assert.deepEqual(
    verdicts.map(({ point }) => point),
    everyPoint,
  );
}

/** What else cannot hold where a point does not. */
const consequences: Partial<Record<PointKey, readonly PointKey[]>> = {
  'echo.times': ['echo.clock'],
  'reconnect.server': ['reconnect.once'],
  'login.refused': ['login.again'],
};
const stageOf = (point: PointKey): Stage => {
  const [area = ''] = point.split('.');
  if (area === 'reconnect' || area === 'login') return area;
  return point === 'id.scheme' || point === 'id.unique' ? 'ids' : 'records';
};

/** What is waited for in vain. */
const takesLong: ReadonlySet<PointKey> = new Set([
  'login.refused',
  'login.again',
  'reconnect.server',
  'connects',
  'id.given',
]);

// they mostly wait
describe('a client', { concurrency: 6 }, () => {
  test('that is right: nunect-client in Node, as the example uses it, over TCP', () =>
    holdsAll(`exec ${process.execPath} ${join(installed.dir, 'client.mjs')}`));

  test('that is right: nunect-client in Chromium, over a websocket', { skip: lacking('chromium') }, () => {
    const chromium = [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
      ...[
        '--disable-background-networking',
        '--enable-logging=stderr',
        '--user-data-dir="$(mktemp -d -p "$DIR")"',
      ],
    ];
    const query =
      '?server=$NUNECT_WS_URL&user=$NUNECT_USER&pass=$NUNECT_PASSWORD&clock=$NUNECT_UNIT$' +
      '{NUNECT_ID:+&client=$NUNECT_ID}';
    const page = `file://${clientPage(installed)}${query}`;
    return holdsAll(`DIR=${installed.dir}; exec ${tool('chromium')} ${chromium.join(' ')} "${page}"`);
  });

  test('that is right: one that shares no code with it', () => holdsAll(plain));

  test('in another language is told what it lacks: that of the nats CLI', {
    skip: lacking('nats'),
  }, async () => {
    const at = '-s $NUNECT_URL --user $NUNECT_USER --password $NUNECT_PASSWORD --connection-name $NUNECT_ID';
    const command = `exec ${tool('nats')} ${at} reply ops.echo.$NUNECT_ID --echo`;
    const verdicts = await conform({ command, server, only: ['records', 'reconnect'] });
    const refused = verdicts.filter((verdict) => isRefused(verdict, false)).map(({ point }) => point);
    assert.deepEqual(refused, ['echo.unit', 'echo.times'], text(verdicts));
  });

  for (const point of [...everyPoint].sort((a, b) => Number(takesLong.has(b)) - Number(takesLong.has(a))))
    test(`that is wrong in ${point} is refused for that`, async () => {
      const command = `WRONG=${point} ${plain}`;
      const patience_ms = takesLong.has(point) ? 5000 : 30_000;
      const verdicts = await conform({ command, server, only: [stageOf(point)], patience_ms });
      const refused = refusedIn(verdicts);
      if (point === 'connects') assert.equal(refused[0], point);
      else assert.deepEqual(refused, [point, ...(consequences[point] ?? [])], text(verdicts));
    });
});

test('what is advised and does not hold, or is absent, is named though the client conforms', () => {
  const verdicts: Verdict[] = [
    { point: 'connects', is: 'pass' },
    { point: 'echo.aim', is: 'FAIL' },
    { point: 'log.record', is: 'absent' },
  ];
  const said = 'conforms: 1 of 3 points hold; advised, and do not: echo.aim; absent: log.record';
  assert.equal(summaryOf(verdicts, false), said);
  assert.equal(summaryOf(verdicts, true), 'DOES NOT CONFORM: echo.aim, log.record');
  assert.equal(summaryOf(verdicts.slice(0, 1), true), 'conforms: 1 of 1 points hold');
});

describe('the command', () => {
  const run = (env: Readonly<Record<string, string>>) =>
    runToEnd(process.execPath, ['--require', './build/register.cjs', 'test/conformance/run.ts'], {
      cwd: projectRoot,
      env: { ...process.env, PATIENCE_S: '3', ...env },
    });

  test('without a client says what it wants', async () => {
    const { code, stderr } = await run({ CLIENT: ' ' });
    assert.equal(code, 2);
    assert.match(stderr, /^conformance: CLIENT is empty: /);
  });

  test('a client that ends at once is refused, and what it printed is shown', async () => {
    const { code, stdout } = await run({ CLIENT: 'echo out of order; exit 3' });
    assert.equal(code, 1);
    assert.match(stdout, /^FAIL {4}connects .*\n +it did not connect; it printed: out of order\n/m);
    assert.match(stdout, /\nDOES NOT CONFORM: connects, /);
  });
});
