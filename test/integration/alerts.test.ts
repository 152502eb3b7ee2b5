// Alerts of a hub with a real nats-server, real webhooks that hang, refuse and come back, and kills of the alerter.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { logTo } from '../../agent/lib/log.ts';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { type Link, openLink } from '../../agent/nats/link.ts';
import { type AlertingGiven, setFacts, startAlerting } from '../kit/hub/alerting.ts';
import { natsFleet } from '../kit/hub/nats.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { recordComplaints } from '../kit/lib/schema.ts';
import { newOwner, undoLater } from '../kit/process/cleanup.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { hubServers, projectRoot, withoutNewest } from '../kit/process/tools.ts';

const owner = newOwner();
after(() => owner.end());

interface Posted {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** Without hold times: an alert for each look that finds another state. */
const quick = {
  hold: { critical: { for_s: 0, keep_s: 1 } },
  group_least: 100,
  heartbeat_s: 10,
};

/** A receiver of webhooks: what it takes, and what it does with a request. */
async function receiver(tls?: { readonly cert: string; readonly key: string }) {
  const taken: Posted[][] = [];
  const asked: { readonly path: string; readonly body: string }[] = [];
  let mode: 'takes' | 'hangs' | 'fails' | 'refuses large' | 'takes and hangs' = 'takes'; // the last one hangs behind what is new
  const port = await reservePort();
  let server: Server | undefined;
  const alerts = (): Posted[] => taken.flat().filter(({ labels }) => labels['alertname'] !== 'Watchdog');
  const ids = (): string[] => alerts().flatMap(({ annotations }) => annotations['id'] ?? []);
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      asked.push({ path: request.url ?? '', body });
      if (mode === 'hangs') return;
      const posted = JSON.parse(body) as Posted[];
      const status = mode === 'fails' ? 503 : mode === 'refuses large' && posted.length > 1 ? 413 : 200;
      const isNew = posted.some(({ annotations: { id } }) => id !== undefined && !ids().includes(id));
      if (status === 200) taken.push(posted);
      if (mode !== 'takes and hangs' || !isNew) response.writeHead(status).end(request.url);
    });
  };
  const start = (): Promise<void> =>
    new Promise((resolve) => {
      server =
        tls === undefined
          ? createServer(answer)
          : createTlsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, answer);
      server.listen(port, '127.0.0.1', resolve);
    });
  const stop = (): void => {
    server?.close();
    server?.closeAllConnections();
  };
  await start();
  undoLater(owner, stop);
  return {
    port,
    asked,
    taken,
    alerts,
    ids,
    /** `fired u1`, each notice once: what was sent again after it had been taken has the same id. */
    told(): string[] {
      const notices = alerts().filter(({ annotations }) => annotations['id'] !== undefined);
      const once = notices.filter(
        ({ annotations }, at) => notices[at - 1]?.annotations['id'] !== annotations['id'],
      );
      return once.map(
        ({ endsAt, labels }) =>
          `${Date.parse(endsAt) <= Date.now() ? 'resolved' : 'fired'} ${labels['instance']}`,
      );
    },
    start,
    stop,
    setMode(next: typeof mode) {
      mode = next;
    },
  };
}

function given(name: string, section: unknown, url?: string): AlertingGiven {
  const folder = tempDir(owner, `alerts-${name}`);
  const facts = join(folder, 'facts.json');
  setFacts(facts, []);
  return { folder, facts, section, ...(url === undefined ? {} : { url }) };
}

function startIn(one: AlertingGiven) {
  const lines: string[] = [];
  const { alerts, stop } = startAlerting(one, (line) => void lines.push(line));
  undoLater(owner, stop);
  const fires = (...units: string[]): Promise<boolean> =>
    eventually(`those fire: ${units}`, () => {
      const now = alerts.view().firing.map(({ alert }) => alert.unit);
      return now.toSorted().join() === units.join();
    });
  const failing = () => alerts.view().outputs[0]?.failing?.why;
  return { alerts, lines, stop, fires, failing };
}

describe('webhook and command', { concurrency: true }, () => {
  test('the webhook hangs, fails, refuses and comes back: nothing is lost, and all is in order', async () => {
    const hook = await receiver();
    const secret = 'token-s3cret';
    const url = `http://127.0.0.1:${hook.port}/hook/${secret}`;
    const one = given('hook', { ...quick, webhook: { url, timeout_s: 1 } });
    const { alerts, lines, stop, fires, failing } = startIn(one);
    await eventually('the sign of life', () => hook.taken.length > 0);
    setFacts(one.facts, ['u1']);
    await eventually('the first', () => hook.told().length === 1);
    hook.setMode('hangs');
    setFacts(one.facts, ['u1', 'u2']);
    await eventually('it hangs', () => failing() === 'no answer within 1 s');
    hook.setMode('fails');
    await eventually('it fails', () => failing() === 'it answers 503');
    hook.stop();
    await eventually('it refuses', () => failing() === 'ECONNREFUSED');
    setFacts(one.facts, []);
    await fires();
    setFacts(one.facts, ['u3', 'u4']);
    await fires('u3', 'u4');
    assert.equal(alerts.view().outputs[0]?.waiting, 5);
    hook.setMode('refuses large');
    await hook.start();
    await eventually('all is there', () => hook.told().length === 6);
    const expected = ['fired u1', 'fired u2', 'resolved u1', 'resolved u2', 'fired u3', 'fired u4'];
    assert.deepEqual(hook.told(), expected);
    assert.deepEqual(hook.ids(), [...new Set(hook.ids())], 'none came twice');
    assert.equal(alerts.view().outputs[0]?.failing, undefined);
    assert.ok(hook.asked.every(({ path }) => path === `/hook/${secret}`));
    await stop();
    assert.ok(lines.some((line) => line.includes('503')));
    assert.ok(!JSON.stringify([lines, alerts.view()]).includes('s3cret'));
    assert.ok(!readFileSync(join(one.folder, 'alerts.json'), 'utf8').includes('s3cret'));
  });

  test('the webhook over TLS: only of a server that its CA has signed; what fires is sent again to Alertmanager', async () => {
    const dir = join(tempDir(owner, 'alerts-tls'), 'ca');
    const { ca, issue } = authority(dir);
    const hook = await receiver(issue('hook', '/CN=localhost'));
    const url = `https://localhost:${hook.port}/api/v2/alerts`;
    const webhook = { url, timeout_s: 5, repeat_s: 1 };
    const untrusted = startIn(given('untrusted', { ...quick, webhook }));
    await eventually('it is not trusted', () => untrusted.failing() !== undefined);
    assert.match(untrusted.failing() ?? '', /SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
    assert.equal(hook.asked.length, 0);
    const one = given('tls', { ...quick, webhook: { ...webhook, ca_file: ca } });
    const { stop } = startIn(one);
    setFacts(one.facts, ['u1']);
    await eventually('it is sent again', () =>
      hook.taken.some(
        (body) => body[0]?.labels['alertname'] === 'Watchdog' && body[1]?.labels['instance'] === 'u1',
      ),
    );
    const [first, again] = hook.alerts();
    assert.deepEqual([again?.labels, again?.startsAt], [first?.labels, first?.startsAt]);
    await Promise.all([stop(), untrusted.stop()]);
  });

  test('the command has the notice on its stdin; one that fails or hangs is run again, and never by a shell', async () => {
    const dir = tempDir(owner, 'alerts-command');
    const program = join(dir, 'tell');
    const [mode, got] = [join(dir, 'mode'), join(dir, 'got')];
    const script = `#!/bin/sh\n[ "$1" = '$(touch ${dir}/shell); a b' ] || exit 9\ncase $(cat ${mode}) in\nhang) sleep 60;;\nfail) exit 3;;\nesac\ncat >> ${got}\n`;
    writeFileSync(program, script);
    chmodSync(program, 0o700);
    writeFileSync(mode, 'fail');
    const argv = [program, `$(touch ${dir}/shell); a b`];
    const one = given('command', { ...quick, command: { argv, timeout_s: 1 } });
    const { failing, stop } = startIn(one);
    setFacts(one.facts, ['u1']);
    await eventually('it fails', () => failing() === `${program} ended with 3`);
    writeFileSync(mode, 'hang');
    await eventually('it hangs', () => failing() === `${program} did not end within 1 s`);
    setFacts(one.facts, []);
    writeFileSync(mode, 'ok');
    const records = () =>
      (existsSync(got) ? readFileSync(got, 'utf8') : '')
        .split('\n')
        .slice(0, -1) // behind the last line end it is still written
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    await eventually('both are told', () => records().length === 2);
    assert.deepEqual(
      records().map(({ event, unit }) => `${event} ${unit}`),
      ['fired u1', 'resolved u1'],
    );
    for (const record of records()) assert.deepEqual(recordComplaints.get('alert')?.(record), []);
    assert.ok(!existsSync(join(dir, 'shell')));
    await stop();
  });
});

/** What a stream has stored, the oldest first. */
async function storedIn(link: Link, stream: string) {
  const stored: { readonly subject: string; readonly record: Readonly<Record<string, unknown>> }[] = [];
  for (let seq = 1; ; seq += 1) {
    const answer = await link.request(`$JS.API.STREAM.MSG.GET.${stream}`, JSON.stringify({ seq }), {
      timeout_ms: 5000,
    });
    assert.equal(answer.kind, 'reply');
    const { message } = JSON.parse(
      answer.kind === 'reply' ? new TextDecoder().decode(answer.message.data) : '{}',
    );
    if (message === undefined) return stored;
    const record = JSON.parse(Buffer.from(message.data, 'base64').toString());
    stored.push({ subject: message.subject, record });
  }
}

const told = (stored: Awaited<ReturnType<typeof storedIn>>): string[] =>
  stored.map(({ record }) => `${record['event']} ${record['unit']}`);

for (const program of withoutNewest() === false ? hubServers() : []) {
  describe(`the subjects, with ${program.slice(projectRoot.length)}`, () => {
    async function hubWithLink() {
      const fleet = natsFleet(program);
      undoLater(owner, () => fleet.stop());
      const store = join(fleet.dir, 'js');
      mkdirSync(store);
      const hub = await fleet.server('hub', `jetstream { store_dir: "${store}" }`);
      await hub.start();
      const ending = new AbortController();
      const link = openLink(
        { ticker: systemTicker(), log: logTo(() => {}) },
        { servers: [hub.url], name: 'test', inboxPrefix: '_INBOX' },
        ending.signal,
      );
      undoLater(owner, () => {
        ending.abort();
        return link.stop();
      });
      await eventually('connected', () => link.state().connected);
      return { hub, link };
    }
    const stream = { name: 'ALERTS', subjects: ['ops.alert.*.*'], storage: 'file', discard: 'new' };
    const makeStream = (link: Link, verb: 'CREATE' | 'UPDATE' = 'CREATE', max_msgs = 100) =>
      link.request(`$JS.API.STREAM.${verb}.ALERTS`, JSON.stringify({ ...stream, max_msgs }), {
        timeout_ms: 5000,
      });

    test('without a stream whoever listens hears them; through the kill of the server none is lost', async () => {
      const { hub, link } = await hubWithLink();
      const heard: string[] = [];
      const beats: unknown[] = [];
      link.subscribe('ops.alert.>', ({ subject, data }) => {
        const record = JSON.parse(new TextDecoder().decode(data));
        if (subject === 'ops.alert.heartbeat') beats.push(record);
        else heard.push(`${record.event} ${record.unit}`);
      });
      const one = given('nats', quick, hub.url);
      const { stop, fires, failing } = startIn(one);
      setFacts(one.facts, ['u1']);
      await eventually('heard', () => heard.length === 1);
      await eventually('a sign of life', () => beats.length > 0);
      for (const beat of beats) assert.deepEqual(recordComplaints.get('alert.heartbeat')?.(beat), []);
      await makeStream(link); // from now on they are stored: that is seen after the next connection
      await hub.kill('SIGKILL');
      setFacts(one.facts, ['u2']);
      await fires('u2');
      setFacts(one.facts, ['u2', 'u3']);
      await fires('u2', 'u3');
      await hub.start();
      await eventually('connected', () => link.state().connected);
      await eventually('stored', async () => (await storedIn(link, 'ALERTS')).length === 3);
      const stored = await storedIn(link, 'ALERTS');
      assert.deepEqual(told(stored), ['fired u2', 'resolved u1', 'fired u3']);
      for (const { record, subject } of stored) {
        assert.deepEqual(recordComplaints.get('alert')?.(record), []);
        assert.equal(subject, `ops.alert.critical.${record['unit']}`);
      }
      await makeStream(link, 'UPDATE', 3); // it is full
      setFacts(one.facts, []);
      await eventually('it is refused', () => failing() === 'the stream refuses it');
      await makeStream(link, 'UPDATE');
      await eventually('stored', async () => (await storedIn(link, 'ALERTS')).length === 5);
      assert.deepEqual(told(await storedIn(link, 'ALERTS')).slice(3), ['resolved u2', 'resolved u3']);
      await stop();
    });

    test('killed by SIGKILL again and again while it tells: every notice is stored once, in order, and posted', async () => {
      const { hub, link } = await hubWithLink();
      await makeStream(link);
      const hook = await receiver();
      const url = `http://127.0.0.1:${hook.port}/`;
      const count = () => new Set(hook.ids()).size;
      const one = given('kills', { ...quick, webhook: { url, timeout_s: 1 } }, hub.url);
      const args = ['--require', './build/register.cjs', 'test/kit/hub/alerter.ts', JSON.stringify(one)];
      const run = () => daemon(owner, process.execPath, args, { cwd: projectRoot });
      for (let round = 0; round < 6; round += 1) {
        const before = count();
        hook.setMode(round % 2 === 0 ? 'takes and hangs' : 'takes'); // killed before it knows of a delivery
        const alerter = run();
        setFacts(one.facts, round % 2 === 0 ? ['u1', 'u2', 'u3'] : []);
        await eventually(`round ${round}`, () => count() > before);
        await alerter.end('SIGKILL');
      }
      hook.setMode('takes');
      const alerter = run();
      setFacts(one.facts, []);
      let stored = await storedIn(link, 'ALERTS');
      await eventually('all is over, stored and posted', async () => {
        stored = await storedIn(link, 'ALERTS'); // of an earlier round all may be over, too
        const last = new Map(told(stored).map((text) => text.split(' ').reverse() as [string, string]));
        const isOver = last.size === 3 && [...last.values()].every((event) => event === 'resolved');
        return isOver && count() === stored.length;
      });
      await alerter.end('SIGKILL');
      const numbers = stored.map(({ record }) => Number(String(record['id']).split('-').at(-1)));
      assert.deepEqual(
        numbers,
        numbers.map((_, at) => at + 1),
        'each once, in order',
      );
      for (const unit of ['u1', 'u2', 'u3']) {
        const events = told(stored)
          .filter((text) => text.endsWith(unit))
          .map((text) => text.split(' ')[0]);
        assert.deepEqual(
          events,
          events.map((_, at) => (at % 2 === 0 ? 'fired' : 'resolved')),
          unit,
        );
        assert.ok(events.length >= 4, `${events.length}`);
      }
      const posted = hook.ids().map((id) => Number(id.split('-').at(-1)));
      const firstOf = [...new Set(posted)];
      assert.deepEqual(firstOf, numbers, 'the webhook has them in order, too');
      assert.ok(posted.length > firstOf.length, 'none was killed between a delivery and its note');
    });
  });
}
