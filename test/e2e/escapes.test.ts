// What units, servers, agents, files and command lines say, full of what a terminal obeys or hides: through every command of
// both programs as they are shipped, to a pipe and at a terminal. Nothing of it may come out as it is.
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { enrolHub } from '../kit/hub/enrolhub.ts';
import { hubProgram } from '../kit/hub/hubprogram.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { garbageServer } from '../kit/net/garbage.ts';
import { fullSnapshot } from '../kit/page/snapshot.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { eventually, runToEnd, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { atTerminal } from '../kit/process/pty.ts';
import { natsServers, need, runtime } from '../kit/process/tools.ts';
import { agentWith, type LoneAgent } from '../kit/unit/agents.ts';
import { bundle, hubBundle, startHub, startUnit } from '../kit/unit/site.ts';

const server = natsServers().newest ?? need('nats-server');
const owner = newOwner();

/** Of each kind one: C0, CSI and OSC sequences, DEL, C1, marks and overrides of direction, a line separator. */
const planted = '\x07\x1b[35m\x1b]0;PWNED\x07\x7f\x85\x9b35m\u061c\u200e\u202e\u2066\u2028X';
/** What JSON can carry besides: ends of lines that would begin one of ours, NUL, halves of a surrogate pair. */
const inJson = `${planted}\nFORGED line\r\t\0\ud800.\udfff`;
/** One word, as a subject and a name of a server must be. */
const word = planted.replace('\u2028', '');

const hostile =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]|^FORGED/mu;
/** What our programs write at a terminal: colours, cursor, the alternate screen. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are escape codes
const ours = /\x1b\[(?:0|2|7|31|32|33|1;31)m|\x1b\[(?:[HJK]|2J)|\x1b\[\?(?:1049|25|7)[hl]|\r/g;

/** Commands that were run, by program. */
const ran = new Set<string>();

/** The output may hold no planted character; `shows` what it must hold, so that the case is one. */
function clean(output: string, shows: RegExp, what: string): void {
  const found = hostile.exec(output);
  const around = found === null ? '' : output.slice(Math.max(0, found.index - 60), found.index + 60);
  assert.equal(found?.[0], undefined, `${what}: ${JSON.stringify(around)}`);
  assert.match(output, shows, what);
}

async function run(program: 'nunect' | 'nunect-hub', args: readonly string[], shows: RegExp) {
  ran.add(`${program} ${args[0]}`);
  const file = program === 'nunect' ? bundle : hubBundle;
  const done = await runToEnd(runtime(), [file, ...args]);
  clean(done.stdout + done.stderr, shows, `${program} ${JSON.stringify(args)}`);
  return done;
}

/** The same at a terminal, with colours; a command that goes on is ended once it has shown what it must. */
async function runAtTerminal(args: readonly string[], shows: RegExp): Promise<void> {
  const screen = atTerminal(owner, [runtime(), ...args], { ...process.env, NO_COLOR: '' });
  const shown = (): string => screen.output().replace(ours, '');
  await eventually(`${args} shows ${shows}`, () => shows.test(shown())).catch((error: Error) => {
    throw new Error(`${error.message}\n${JSON.stringify(screen.output().slice(-2000))}`);
  });
  screen.kill('SIGTERM');
  await screen.ended;
  clean(shown(), shows, `at a terminal: ${args}`);
}

/** A document in which every text, and a further key of every object, is planted with. */
const poisoned = (value: unknown): unknown =>
  typeof value === 'string'
    ? `${value}${inJson}`
    : Array.isArray(value)
      ? value.map(poisoned)
      : typeof value === 'object' && value !== null
        ? {
            ...Object.fromEntries(Object.entries(value).map(([key, one]) => [key, poisoned(one)])),
            [inJson]: 1,
          }
        : value;

/** An agent's directory without an agent: in place of its socket another program listens, in the log is what a hub said. */
async function socketOf(snapshot: object): Promise<string> {
  const dir = tempDir(owner, 'escapes');
  mkdirSync(join(dir, 'state'));
  const http = createHttpServer((_request, response) => response.end(JSON.stringify(snapshot)));
  await new Promise<void>((resolve) => http.listen(join(dir, 'state/status.sock'), resolve));
  owner.after(() => void http.close());
  return dir;
}

const logLine = `[7] 2026/11/28 10:00:00.000000 [ERR] 127.0.0.1:7422 - lid:5 - Leafnode Error 'no ${planted}'\n`;

let dir: string;
let url: string;
let nc: NatsConnection;
/** A server that greets with planted words and refuses everybody with planted words. */
let refusing: string;

before(async () => {
  dir = tempDir(owner, 'escapes');
  const port = await reservePort();
  url = `nats://127.0.0.1:${port}`;
  const name = word.replace(/[^ -~]/gu, (letter) =>
    [...Buffer.from(letter)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  const conf = join(dir, 'server.conf');
  writeFileSync(conf, `listen: 127.0.0.1:${port}\nserver_name: "n${name}"\n`);
  await startServer(owner, server, conf);
  nc = await connect({ servers: url });
  owner.after(() => nc.close());
  const bad = await garbageServer(owner, (socket) => {
    const info = {
      server_id: inJson,
      server_name: inJson,
      version: `2.15.2${inJson}`,
      proto: 1,
      max_payload: 1e6,
    };
    socket.write(`INFO ${JSON.stringify({ ...info, headers: true })}\r\n`);
    socket.once('data', () => socket.end(`-ERR 'no ${planted}'\r\n`));
  });
  refusing = `nats://127.0.0.1:${bad.port}`;
});
after(() => owner.end());

describe('what units and servers say', () => {
  test('echo: headers of the answer, the name of the server, its refusal', async () => {
    nc.subscribe('ops.echo.evil', {
      callback: (_error, message) => {
        const head = headers();
        head.set('X-Clock-Source', `ptp${planted}`);
        head.set('X-Clock-Quality', `locked${planted}`);
        message.respond(planted, { headers: head });
      },
    });
    await nc.flush();
    for (const [program, file] of [
      ['nunect', bundle],
      ['nunect-hub', hubBundle],
    ] as const) {
      await run(
        program,
        ['echo', 'evil', '-c', '1', '--server', url],
        /clock=ptp\\x07\\x1b\[35m.*locked\\x07/,
      );
      const { stdout } = await run(
        program,
        ['echo', 'evil', '-c', '1', '--json', '--server', url],
        /ptp\\u0007/,
      );
      const [answer = ''] = stdout.split('\n');
      assert.equal(JSON.parse(answer).seen.clock_source, `ptp${planted}`, 'as JSON it is the same text');
      await run(program, ['echo', 'evil', '-c', '1', '--server', refusing], /cannot connect/);
      await runAtTerminal([file, 'echo', 'evil', '-c', '1', '--server', url], /ptp\\x07/);
    }
  });

  test('top: names of units, texts and headers of heartbeats, the refusal of a server', async () => {
    const tell = setInterval(() => {
      const head = headers();
      for (const name of ['X-Unit-ID', 'X-Tenant', 'X-Clock-Source', 'X-Clock-Quality', 'X-Native-RTT'])
        head.set(name, `x${planted}`);
      const body = {
        status: 'critical',
        unit_id: inJson,
        version: inJson,
        problems: [`p${inJson}`],
        sequence: 1,
      };
      for (const unit of ['evil', `evil${word}`])
        nc.publish(`ops.heartbeat.${unit}`, JSON.stringify(body), { headers: head });
      nc.publish(
        'ops.metric.time.evil',
        JSON.stringify({ active_source: `ptp${inJson}`, reasons: [inJson] }),
      );
    }, 100);
    owner.after(() => clearInterval(tell));
    await run('nunect-hub', ['top', '--once', '-i', '1', '--server', url], /evil.*CRITICAL/);
    await run('nunect-hub', ['top', '--once', '--json', '-i', '1', '--server', url], /"unit":"evil"/);
    await run('nunect-hub', ['top', '--once', '-i', '1', '--server', refusing], /cannot connect/);
    await run(
      'nunect-hub',
      ['top', '--once', '-i', '1', '--server', url, '-f', `evil${planted}`],
      /0 with 'evil/,
    );
    await runAtTerminal([hubBundle, 'top', '-i', '0.3', '--server', url], /evil/);
    clearInterval(tell);
  });
});

describe('the page of a hub', () => {
  test('what it says of servers, and of page.json', async () => {
    const page = ['page', '--port', '0', '--server'];
    await run('nunect-hub', [...page, refusing], /cannot connect/);
    await runAtTerminal([hubBundle, ...page, url], /http:\/\/127\.0\.0\.1:\d+\/\s/);
    const file = join(dir, 'page.json');
    for (const options of [
      { [inJson]: 1 },
      { listen: inJson },
      { hosts: [inJson] },
      { clock_limits: { by_role: { [inJson]: inJson } } },
      { alerts: { [inJson]: 1 } },
      { alerts: { off: [inJson] } },
      { alerts: { clock_class: { roles: { [inJson]: inJson } } } },
      { alerts: { command: { argv: [inJson] } } },
      { alerts: { webhook: { url_file: `/none/${inJson}` } } },
    ]) {
      writeFileSync(file, JSON.stringify(options));
      const said = await run('nunect-hub', [...page, url, '--config', file], /page\.json: /);
      assert.notEqual(said.code, 0, JSON.stringify(options));
    }
    writeFileSync(file, planted);
    await run('nunect-hub', [...page, url, '--config', file], /no JSON/);
    await run('nunect-hub', [...page, url, '--config', `/none/${word}`], /\\x1b\[35m.* cannot be read/);
    await run('nunect-hub', [...page, url, '--listen', word], /listen|\\x1b\[35m/);
  });
});

describe('the folder of a hub', () => {
  test('init and export', async () => {
    const folder = join(tempDir(owner, 'escapes-hub'), `x${word}`);
    await run('nunect-hub', ['init', '--dir', folder, '--host', 'hub.example.org'], /\\x1b\[35m.*: made/);
    await run(
      'nunect-hub',
      ['export', '--dir', folder, '--out', `${folder}-out`],
      /\\x1b\[35m.*hub\.example/,
    );
    const file = join(folder, 'hub.json');
    writeFileSync(file, JSON.stringify(poisoned(JSON.parse(readFileSync(file, 'utf8')))));
    await run('nunect-hub', ['init', '--dir', folder], /it has no valid tls/);
    for (const [flag, value] of [
      ['host', word],
      ['cluster', word],
      ['port', word],
      ['store', word],
      ['tls-cert', word],
    ] as const)
      await run(
        'nunect-hub',
        ['init', '--dir', `${folder}-no`, '--host', 'h', `--${flag}`, value],
        /\\x1b|--tls-key/,
      );
  });
});

describe('what listens in place of the agent', () => {
  const trouble = { code: 'x', key: 'x', weight: inJson, text: inJson, remedy: inJson };
  test('status and doctor: every text of the document', async () => {
    const document = poisoned({ ...fullSnapshot, troubles: [trouble] }) as object;
    const at = ['--dir', await socketOf({ ...document, schema: fullSnapshot.schema })];
    await run('nunect', ['status', ...at], /\\x1b\[35m.*\n(.*\n)*.*\\x1b\[35m/);
    const { stdout } = await run('nunect', ['status', '--json', ...at], /\\u001b\[35m.*\\u202e/);
    assert.equal(JSON.parse(stdout).status, `healthy${inJson}`, 'as JSON it is the same text');
    await runAtTerminal([bundle, 'status', '--watch', ...at], /\\x1b\[35m/);
    await runAtTerminal([bundle, 'status', ...at], /\\x1b\[35m/);
    await run('nunect', ['doctor', '--config', join(dir, 'none'), ...at], /\\x1b\[35m/);
    await run('nunect', ['doctor', '--json', '--config', join(dir, 'none'), ...at], /\\u001b\[35m/);
    await runAtTerminal([bundle, 'doctor', '--config', join(dir, 'none'), ...at], /\\x1b\[35m/);
  });

  test('an answer of another shape, and none: the log of the leaf is shown', async () => {
    const at = ['--dir', await socketOf({ schema: 99, error: inJson })];
    appendFileSync(join(at[1] ?? '', 'state/leaf.log'), logLine);
    await run('nunect', ['status', ...at], /no\s+\\x07\\x1b\[35m/);
    await run('nunect', ['status', '--json', ...at], /"error"/);
    await run('nunect', ['doctor', ...at], /agent/);
  });
});

describe('what stands in files and on the command line', () => {
  test('check, render, run and doctor: names and values of a config, and what a nats-server says of itself', async () => {
    const config = join(dir, `evil${word}.ini`);
    const out = join(dir, `out${word}`);
    const program = join(dir, 'nats-server');
    const said = `${planted}\nFORGED line\r`;
    writeFileSync(
      program,
      `#!/bin/sh\ncase $1 in\n  *version) echo 'nats-server: v2.15.2';;\n  *) cat >&2 <<'X'\nno ${said}\nX\n  exit 1;;\nesac\n`,
      { mode: 0o755 },
    );
    const values = `[agent]\nunit = u${word}\n${word} = 1\n[sec${word}]\nx = ${word}\n[hub]\nurl = tls://h${word}\n`;
    const more = `user = ${word}\npassword_file = /tmp/${word}\n[user.x${word}]\npublish = a ${word}\n${word}\n`;
    writeFileSync(config, `${values}${more}[leaf]\nserver = ${program}\nlisten = ${word}\n`, { mode: 0o600 });
    await run('nunect', ['check', '--config', config], /\\x1b\[35m/);
    await run('nunect', ['render', '--config', config, '--out', out], /refuses the leaf.conf.*\\x1b\[35m/);
    await run('nunect', ['render', '--config', config, '--out', out, '--stdout'], /listen/);
    await run('nunect', ['doctor', '--config', config, '--dir', out], /\\x1b\[35m/);
    await run('nunect', ['doctor', '--json', '--config', config, '--dir', out], /\\u001b\[35m/);
    await run('nunect', ['run', '--dir', join(dir, word)], /cannot be read/);
  });

  test('time: names of a config, and what chronyd says of its own', async () => {
    const config = join(dir, 'clock.ini');
    const chronyd = join(dir, 'chronyd');
    writeFileSync(
      chronyd,
      `#!/bin/sh\ncase $1 in\n  *-v) echo 'chronyd (chrony) version 4.6';;\n  *) cat >&2 <<'X'\nno ${planted}\nX\n  exit 1;;\nesac\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(dir, 'chrony.conf'), '');
    const ptp = `[ptp]\ninterface = lo\nprofile = ${word}\nchronyd = ${chronyd}\nchrony_conf = ${dir}/chrony.conf\n`;
    writeFileSync(config, ptp, { mode: 0o600 });
    const at = ['--config', config, '--out', join(dir, 'clock')];
    await run('nunect', ['time', 'show', ...at], /\\x1b\[35m/);
    await run('nunect', ['time', 'apply', ...at], /chronyd.*\\x1b\[35m/s);
  });

  test('up, status and down: names in the folder of a hub, and what its nats-server says', async () => {
    const hub = join(dir, `hub${word}`);
    const at = ['--dir', hub];
    for (const command of ['up', 'status', 'down', 'export'])
      await run(
        'nunect-hub',
        [command, ...at, ...(command === 'export' ? ['--out', dir] : [])],
        /no hub in .*\\x1b\[35m/,
      );
    await run('nunect-hub', ['init', '--host', 'hub.example', ...at], /\\x1b\[35m/);
    const program = join(dir, 'hub-server');
    writeFileSync(
      program,
      `#!/bin/sh\ncase $1 in\n  *version) echo 'nats-server: v2.15.2';;\n  -t) ;;\n  *) cat >&2 <<'X'\nno ${planted}\nX\n  exit 1;;\nesac\n`,
      { mode: 0o755 },
    );
    const up = await run(
      'nunect-hub',
      ['up', ...at, '--nats-server', program],
      /ended with code 1: no \\x07/,
    );
    assert.match(up.stderr, /ERROR nats-server: no \\x07/);
    const path = join(hub, 'hub.json');
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), server: `h${inJson}` }));
    await run('nunect-hub', ['status', ...at], /down +hub\s+h\\x07/);
    await run('nunect-hub', ['status', '--json', ...at], /h\\u0007/);
    await runAtTerminal([hubBundle, 'status', ...at], /h\\x07/);
    await run('nunect-hub', ['down', ...at], /does not run/);
  });

  test('enrol: what a hub refuses with, what its stream says, and what stands in a config', async () => {
    const hub = await enrolHub(owner, server, { plain: true });
    const config = join(dir, 'enrolling');
    writeFileSync(config, `config agent\n option unit '${planted}'\n`, { mode: 0o600 });
    const at = ['--config', config, '--keep', join(dir, 'keep'), '--no-reload', '--wait', '9'];
    hub.issuer.mode = 'unit_bound';
    hub.issuer.change = (answer) => ({ ...answer, why: `no ${inJson}` }) as typeof answer;
    await run('nunect', ['enrol', hub.token('t1'), ...at], /refused \(unit_bound\): no .*\\x1b\[35m/);
    await run('nunect', ['enrol', word, ...at], /a token begins with/);
    await run('nunect', ['enrol', hub.token('t1'), ...at, '--about', word], /--about must be/);
  });

  test('token, units, pending, approve, revoke, rename, forget: what the records of a hub say, and words of no unit', async () => {
    const hub = await hubProgram(owner, server);
    await hub.up();
    const at = ['--dir', hub.dir];
    const link = await hub.connect('hub-book');
    const [who, now_ms] = [{ v: 1, unit: `u${inJson}`, role: inJson, hardware: inJson }, Date.now()];
    const times = { bound_ms: now_ms, until_ms: now_ms + 1e9, asked_ms: now_ms, made_ms: now_ms };
    const more = { was: inJson, voids: [], why: 'approval', account: 'ENROL', nonce: inJson, login: inJson };
    const token = { kind: 'token', id: `t${inJson}`, uses: 1, auto: true, replace: true };
    const records = [
      { kind: 'unit', state: 'bound', key: inJson },
      { kind: 'pending', key: `k${inJson}` },
      token,
    ];
    for (const record of records)
      await link.request(`bound.x.${record.kind}`, JSON.stringify({ ...who, ...times, ...more, ...record }));
    const fleet = await hub.connect('hub-fleet');
    await fleet.request(`ops.roster.heard${word.replace('\x7f', '')}`, '{}'); // which a stream of nats-server has no index of
    const ask = (command: string, args: readonly string[], shows: RegExp) =>
      run('nunect-hub', [command, ...at, ...args], shows);
    await ask('units', [], /^u\\x07\\x1b\[35m.*in {7}.*was \\x07/m);
    await ask('units', ['--json'], /"unit":"heard\\u0007/);
    await runAtTerminal([hubBundle, 'units', ...at], /heard\\x07/);
    await ask('pending', [], /k\\x07\\x1b\[35m/);
    const { stdout } = await ask('pending', ['--json'], /\\u202e/);
    assert.equal(JSON.parse(stdout).unit, `u${inJson}`, 'as JSON it is the same text');
    await ask('token', ['--list'], /t\\x07\\x1b\[35m/);
    await ask('token', ['--unit', planted], /unit '\\x07\\x1b\[35m/);
    for (const command of ['approve', 'revoke', 'forget']) await ask(command, [planted], /\\x07\\x1b\[35m/);
    await ask('rename', [planted, planted], /\\x07\\x1b\[35m/);
    await ask('revoke', ['--dir', planted], /no hub in .*\\x1b\[35m/);
  });

  test('words that no command takes', async () => {
    for (const program of ['nunect', 'nunect-hub'] as const) {
      for (const args of [
        [word],
        ['help', word],
        ['echo', `--${word}`],
        ['echo', word],
        ['echo', 'a', '-c', word],
      ])
        await run(program, args, /\\x1b\[35m/);
      await run(program, ['echo', 'a', '--creds', `/none/${word}`], /\\x1b\[35m/);
    }
    await run('nunect-hub', ['top', '--sort', `${planted}\nFORGED line\r`], /must be one of/);
    await run('nunect', ['check', '--format', word], /\\x1b\[35m/);
  });
});

/** All that an agent printed, which procd would log. */
const printed = async (what: string, agent: LoneAgent['agent'], shows: RegExp): Promise<void> => {
  await eventually(what, () => shows.test(agent.output())).catch((error: Error) => {
    throw new Error(`${error.message}\n${JSON.stringify(agent.output().slice(-3000))}`);
  });
  clean(agent.output(), shows, what);
};

describe('the log of the agent, and its own words for others', () => {
  test('run: what a server, a stream and a requester say', async () => {
    const refusal = { error: { code: 400, err_code: 10077, description: `full ${inJson}` } };
    for (const subject of ['ops.heartbeat.demo-01', 'ops.*.*.demo-01'])
      nc.subscribe(subject, { callback: (_error, message) => void message.respond(JSON.stringify(refusal)) });
    const hub = "config hub\n\tlist url 'nats://127.0.0.1:7422'\nconfig leaf\n\toption mode 'external'\n";
    const one = await agentWith(owner, `${hub}\toption external_url '${url}'\n`);
    ran.add('nunect run');
    await printed('the refusal of a stream is logged', one.agent, /full \\?\\[xu](00)?07/);
    const at = ['--config', one.config, '--dir', one.dir];
    await run('nunect', ['status', '--dir', one.dir], /connected.*\s+n\\x07/);
    await run('nunect', ['status', '--json', '--dir', one.dir], /n\\u0007/);
    await run('nunect', ['doctor', ...at], /agent/);
    await run('nunect', ['doctor', '--json', ...at], /"findings"/);

    const other = await agentWith(owner, `${hub}\toption external_url '${refusing}'\n`);
    await printed('the refusal of a server is logged', other.agent, /no \\?\\[xu](00)?07/);
    await run('nunect', ['status', '--dir', other.dir], /no\s+\\x07/);
  });

  test('run: the log of the leaf', async () => {
    for (const name of ['hub', 'unit']) mkdirSync(join(dir, name));
    const hub = await startHub(owner, join(dir, 'hub'), server);
    const unit = { dir: join(dir, 'unit'), unit: 'demo-01', server, hubPort: hub.leafPort, interval_s: 1 };
    const one = await startUnit(owner, unit);
    appendFileSync(join(one.stateDir, 'leaf.log'), logLine);
    await printed('a line of its log is logged', one.agent(), /ERROR leaf: .*no \\x07/);
  });
});

test('these are all commands of both programs', async () => {
  for (const [program, file] of [
    ['nunect', bundle],
    ['nunect-hub', hubBundle],
  ] as const) {
    const { stdout } = await runToEnd(runtime(), [file, 'help']);
    const commands = [...stdout.matchAll(/^ {2}(\w+) /gm)].map(([, command = '']) => command);
    assert.ok(commands.length > 3);
    for (const command of commands.filter((name) => name !== 'version'))
      assert.ok(ran.has(`${program} ${command}`), `${program} ${command} was not run`);
  }
});
