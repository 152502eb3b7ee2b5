import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { type CheckResult, exitCode, firstCause } from '../../agent/cli/doctor/checkresult.ts';
import { chronyPair } from '../kit/clock/chrony.ts';
import { linuxptp, ptp4l } from '../kit/clock/ptp.ts';
import { authority, exampleHub, startServer } from '../kit/leaf/leafdaemon.ts';
import { netnsPair } from '../kit/net/netns.ts';
import { childOf, daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { bundle, nunect, type RunningUnit, startHub, startUnit } from '../kit/unit/site.ts';

const unit = 'demo-01';
const newest = natsServers().newest ?? need('nats-server');
type Report = { readonly code: number; readonly first?: string; readonly findings: readonly CheckResult[] };

/** A unit that can be broken, and the hands that do what doctor advises. */
function patient(
  t: TestContext,
  one: Pick<RunningUnit, 'config' | 'stateDir' | 'agent' | 'restartLeaf'>,
  isWell = ({ code }: Report) => code === 0,
) {
  const dir = join(one.stateDir, '..');
  const doctor = async (): Promise<Report> => {
    const { code, stdout, stderr } = await nunect(['doctor', '--json', '--config', one.config, '--dir', dir]);
    assert.equal(stderr, '');
    const report = JSON.parse(stdout) as Report;
    assert.equal(report.code, code);
    // how old the node of this machine is has nothing to do with the unit
    const findings = report.findings.filter(({ what, level }) => what !== 'node' || level !== 'WARN');
    const first = firstCause(findings)?.what;
    return { code: exitCode(findings), ...(first && { first }), findings };
  };
  const until = async (what: string, wanted: (report: Report) => boolean): Promise<Report> => {
    let last: Report | undefined;
    return eventually(
      what,
      async () => {
        last = await doctor();
        return wanted(last) && last;
      },
      90_000,
      200,
    ).catch((error: Error) => {
      const lines = last?.findings.map((finding) => JSON.stringify(finding)) ?? [];
      throw new Error([error.message, ...lines, one.agent().output().slice(-1500)].join('\n'));
    });
  };
  const edit = (change: (text: string) => string): void =>
    writeFileSync(one.config, change(readFileSync(one.config, 'utf8')));
  async function reload(): Promise<void> {
    const { stdout, stderr } = await nunect(['render', '--config', one.config, '--out', dir]);
    const todo = stdout.trimEnd().split('\n').at(-1) ?? '';
    assert.match(todo, /^(nothing to do|restart|reload)/, stderr);
    if (/restart: [a-z]*leaf/.test(todo)) await one.restartLeaf();
    one.agent().kill('SIGHUP');
  }
  /** `uci set` and `uci add_list` of an option that there is, or in a section that there is. */
  function uci(section: string, option: string, value: string): void {
    const there = new RegExp(`^(\t(?:list|option) ${option}) '.*'$`, 'm');
    const head = new RegExp(`^config ${section} .*$`, 'm');
    edit((text) => {
      const parts = text.split(/\n(?=config )/);
      const own = parts.filter((part) => head.test(part));
      const chosen = own.find((part) => there.test(part)) ?? own[0] ?? '';
      const next = there.test(chosen)
        ? chosen.replace(there, `$1 '${value}'`)
        : chosen.replace(head, `$&\n\toption ${option} '${value}'`);
      return parts.map((part) => (part === chosen ? next : part)).join('\n');
    });
  }
  /** Does what a command says; CAPITALS in it are what only its owner knows. */
  async function obey(
    command: string,
    owner: Readonly<Record<string, string | (() => unknown)>>,
  ): Promise<void> {
    for (const step of command.split(/; | # /)) {
      const [, section, option, given] =
        /^uci (?:set|add_list) nunect\.(\w+)\.(\w+)='(.*)'$/.exec(step) ?? [];
      const known_ = owner[given ?? step];
      if (section !== undefined && option !== undefined)
        uci(section, option, typeof known_ === 'string' ? known_ : (given ?? ''));
      else if (/^uci (commit|delete)/.test(step)) continue;
      else if (/^(\/etc\/init\.d\/nunect reload|pkill -HUP -f '\[n]unect.* run')$/.test(step)) await reload();
      else if (typeof known_ === 'function') await known_();
      else if (/^(chmod|chown) /.test(step)) execFileSync('sh', ['-c', step]);
      else if (!/^(at the hub|or: |if )/.test(step)) assert.fail(`not known how to: ${step}`);
    }
  }
  /** Breaks one thing: doctor names it first, and is content once its command was obeyed. */
  async function ail(
    name: string,
    breakIt: () => unknown,
    what: string,
    said: RegExp,
    owner: Readonly<Record<string, string | (() => unknown)>> = {},
  ): Promise<void> {
    await t.test(name, async () => {
      await breakIt();
      const worst = ({ findings }: Report) =>
        findings.find(({ level }) => level === 'FAIL' || level === 'WARN');
      const report = await until(
        `begin with ${what}: ${said}`,
        (one) => one.first === what && said.test(worst(one)?.detail ?? ''),
      );
      const found = worst(report);
      assert.equal(found?.what, what);
      await obey(found?.mend ?? '', owner);
      await until('all is well', isWell);
    });
  }
  return { dir, doctor, until, edit, reload, uci, ail };
}

describe('doctor names what is broken first, and its command mends it', { concurrency: 2 }, () => {
  test('leaf, agent, config and clock', async (t) => {
    const dir = tempDir(t, 'doctor');
    const program = join(dir, 'nats-server');
    symlinkSync(newest, program);
    const hub = await startHub(t, dir, newest);
    const { client } = await chronyPair(t, [], { steering: true });
    const socket = join(dir, 'ptp4l');
    const one = await startUnit(t, {
      dir,
      unit,
      server: program,
      hubPort: hub.leafPort,
      interval_s: 1,
      traffic: 'lan', // a stream that is gone is noticed by the next record that waits for it
      alone: true,
      time: [
        `option chrony_port '${client.cmdport}'`,
        `option chronyc '${need('chronyc')}'`,
        `option pmc '${linuxptp('pmc')}'`,
        `list ptp_socket '${socket}'`,
      ],
    });
    const { until, edit, reload, uci, ail } = patient(t, one);
    await until('a healthy unit', ({ code }) => code === 0);
    await t.test('status shows the healthy unit in 80 columns, and by --json what the page has', async () => {
      const { code, stdout } = await nunect(['status', '--dir', dir]);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /^healthy {2}demo-01, /);
      assert.match(stdout, /^hub {6}joined for /m);
      for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
      const json = await nunect(['status', '--json', '--dir', dir]);
      assert.equal((JSON.parse(json.stdout) as { unit: string }).unit, unit);
    });
    const url = `nats://127.0.0.1:${hub.leafPort}`;

    await ail('the agent does not run', () => one.agent().end('SIGTERM'), 'agent', /does not run/, {
      '/etc/init.d/nunect start': one.startAgent,
    });
    await ail(
      'the leaf does not run',
      () => one.leaf().end('SIGKILL'),
      'leaf',
      /not connected to the local server/,
      {
        '/etc/init.d/nunect-leaf restart': one.restartLeaf,
      },
    );
    await ail('nats-server is missing', () => rmSync(program), 'nats-server', /there is no program/, {
      'opkg update': () => {},
      'opkg install nats-server': () => symlinkSync(newest, program),
    });
    const lines = readFileSync(one.config, 'utf8').split('\n').length;
    await ail(
      'a syntax error in the config',
      () => appendFileSync(one.config, "config broken 'so\n"),
      'config',
      new RegExp(`:${lines}: `),
      { [`vi -c ${lines} ${one.config}`]: () => edit((text) => text.replace("config broken 'so\n", '')) },
    );
    await ail(
      'secrets that everybody can read',
      () => execFileSync('chmod', ['644', one.config]),
      'files and rights',
      /has secrets in it and is readable by everybody/,
    );
    const change = (section: string, option: string, value: string) => async () => {
      uci(section, option, value);
      await reload();
    };
    const secret = join(dir, 'password');
    writeFileSync(secret, 'x\n', { mode: 0o644 });
    await ail(
      'a secret file that everybody can read',
      change('leaf', 'external_password_file', secret),
      'files and rights',
      /password': readable by everybody/,
    );

    await ail(
      'a wrong password',
      change('hub', 'password', 'wrong'),
      'hub login',
      /the hub refuses the credentials/,
      {
        PASSWORD: `change-me-${unit}`,
      },
    );
    const urls = { 'nats://HUB:7422': url };
    const clientUrl = hub.url;
    await ail(
      'a port that is not for leafs',
      change('hub', 'url', clientUrl),
      'hub TCP',
      /not that of a leafnode/,
      urls,
    );
    await ail(
      'a name that does not resolve',
      change('hub', 'url', 'nats://no-such-hub.invalid:7422'),
      'hub name',
      /the name of the hub cannot be resolved/,
      urls,
    );
    await ail('the hub is down', () => hub.server().end('SIGKILL'), 'hub TCP', /nobody listens/, {
      'systemctl restart nats-server': hub.restart,
    });
    await ail(
      'the stream is gone',
      async () => {
        const deleted = await hub.nc.request('$JS.API.STREAM.DELETE.NUNECT', '', { timeout: 10_000 });
        assert.deepEqual((deleted.json() as { error?: unknown }).error, undefined);
      },
      'stream',
      /the hub (does not take|stores no|does not store all)/,
      Object.fromEntries(
        ['nats stream add NUNECT --config stream.json', 'nats stream info NUNECT'].map((command) => [
          command,
          () =>
            hub.nc.request(
              '$JS.API.STREAM.CREATE.NUNECT',
              readFileSync(join(projectRoot, 'config/hub/stream.json'), 'utf8'),
            ),
        ]),
      ),
    );

    const [end] = netnsPair(t);
    assert.ok(end);
    await ail(
      'another PTP domain',
      () => ptp4l(t, end, { role: 'slave', domain: 5, socket }),
      'ptp4l',
      /domain 0 does not answer at .*, but domain 5 does/,
    );
    let chrony = client;
    await ail(
      'chronyd is down where it is demanded',
      async () => {
        await change('time', 'mode', 'chrony')();
        await chrony.end('SIGTERM');
      },
      'chronyd',
      /does not answer: connection refused/,
      {
        '/etc/init.d/chronyd restart': () => {
          chrony = chrony.restart();
        },
      },
    );
  });

  test('TLS of the hub', async (t) => {
    const dir = tempDir(t, 'doctor-tls');
    const [own, other] = [authority(join(dir, 'own')), authority(join(dir, 'other'), 'other ca')];
    const ports = { client: await reservePort(), leaf: await reservePort() };
    const conf = exampleHub('hub-mtls', dir, ports);
    const give = (cert: { cert: string; key: string }): void => {
      copyFileSync(cert.cert, join(dir, 'hub.pem'));
      copyFileSync(cert.key, join(dir, 'hub-key.pem'));
    };
    const good = own.issue('hub', '/CN=localhost');
    give(good);
    writeFileSync(join(dir, 'units-ca.pem'), readFileSync(own.ca, 'utf8'));
    let hub = await startServer(t, newest, conf);
    const certificate = own.issue('unit', `/CN=${unit}/O=nunect`, { days: 60 });
    const one = await startUnit(t, {
      dir,
      unit,
      server: newest,
      hubPort: ports.leaf,
      interval_s: 1,
      alone: true,
      plainHub: false,
      more: `config hub 'hub'\n\tlist url 'tls://localhost:${ports.leaf}'\n\toption tls_ca '${own.ca}'\n\toption tls_cert '${certificate.cert}'\n\toption tls_key '${certificate.key}'\n`,
    });
    const { doctor, until, uci, reload, ail } = patient(t, one, ({ findings }) =>
      findings.every(({ what, level }) => !what.startsWith('hub') || level === 'OK'),
    );
    const login = (found: Report) => found.findings.find(({ what }) => what === 'hub login');
    await until('the hub is joined', (found) => login(found)?.level === 'OK');
    await ail(
      'another authority',
      async () => {
        uci('hub', 'tls_ca', other.ca);
        await reload();
      },
      'hub TLS',
      /of an authority that is not trusted/,
      { 'CA.pem': own.ca },
    );
    await ail(
      'a hub certificate that ran out',
      async () => {
        give(own.issue('expired', '/CN=localhost', { days: -1 }));
        await hub.end();
        hub = await startServer(t, newest, conf);
      },
      'hub TLS',
      /certificate of the hub has expired/,
      {
        'nats-server --signal reload': async () => {
          give(good);
          await hub.end();
          hub = await startServer(t, newest, conf);
        },
      },
    );

    await t.test('without its agent the unit is looked at all the same', async () => {
      await one.agent().end('SIGTERM');
      const whole = await doctor();
      assert.equal(whole.first, 'agent');
      assert.match(login(whole)?.detail ?? '', /the leaf has joined/);
      const status = await nunect(['status', '--dir', dir]);
      assert.equal(status.code, 3);
      assert.match(
        status.stdout,
        /the agent does not answer[\s\S]*agent\s+does not run[\s\S]*runs as process \d+/,
      );
      assert.ok('error' in JSON.parse((await nunect(['status', '--json', '--dir', dir])).stdout));

      await hub.end();
      const broken = await until('the hub is away', (found) => login(found)?.level !== 'OK');
      const [, second] = broken.findings.filter(({ level }) => level === 'FAIL');
      assert.equal(second?.what, 'hub TCP');
      assert.match(second?.detail ?? '', /nobody listens at the address of the hub/);
    });
  });

  test('mode off: rights and login at the hub', async (t) => {
    const dir = tempDir(t, 'doctor-off');
    const hub = await startHub(t, dir, newest);
    const conf = join(dir, 'hub.conf');
    const right = `"ops.heartbeat.${unit}", `;
    // the example is for leafs, whose own echo never reaches the hub
    const before = readFileSync(conf, 'utf8').replace(
      right,
      `${right}"ops.echo.${unit}", "_INBOX_${unit}.>", `,
    );
    const reloadHub = (text: string): void => {
      writeFileSync(conf, text);
      hub.server().kill('SIGHUP');
    };
    reloadHub(before);
    const status = await reservePort();
    const config = join(dir, 'nunect');
    const login = `\tlist url '${hub.url}'\n\toption user '${unit}'\n\toption password 'change-me-${unit}'\n`;
    writeFileSync(
      config,
      `config agent 'agent'\n\toption unit '${unit}'\n\toption interval_s '1'\nconfig hub 'hub'\n${login}config leaf 'leaf'\n\toption mode 'off'\nconfig status 'status'\n\toption port '${status}'\n`,
      { mode: 0o600 },
    );
    const words = ['--pid', '--mount-proc', '--kill-child', '--fork', process.execPath, bundle, 'run'];
    const agent = daemon(t, need('unshare'), [...words, '--dir', dir, '--config', config], {
      target: childOf,
    });
    const one = { config, stateDir: join(dir, 'state'), agent: () => agent, restartLeaf: async () => {} };
    const { until, ail } = patient(t, one, ({ findings }) =>
      findings.every(
        ({ what, level }) =>
          !/hub|permissions|stream/.test(what) || level === (what === 'hub TLS' ? 'skip' : 'OK'),
      ),
    );
    await until('records are stored', ({ findings }) =>
      findings.some(({ what, level }) => what === 'stream' && level === 'OK'),
    );
    await ail(
      'a right is missing',
      () => reloadHub(before.replace(right, '')),
      'permissions',
      /not permitted: publish ops\.heartbeat/,
      { 'nats-server --signal reload': () => reloadHub(before), 'after granting the permission': () => {} },
    );
  });
});
