// Every way to log in at a hub, from the UCI file to an answered request and a stored heartbeat. Each hub knows none
// of its units at first: what is told then, and that they come back once it knows them, is the other half.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type NatsConnection, nkeys } from '@nats-io/transport-node';
import { type AuthHub, authHub, permissionsOf } from '../kit/hub/authhub.ts';
import { type Mode, planned, secretFile, startUnit } from '../kit/hub/authunit.ts';
import { seedOf } from '../kit/hub/jwt.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, natsServers, need, projectRoot } from '../kit/process/tools.ts';
import { nunect } from '../kit/unit/site.ts';

const long = 40_000;
const run = promisify(execFile);

const complaint: Readonly<Record<Mode, RegExp>> = {
  managed: /^the hub is not joined/,
  off: /^not connected to the hub: .*Authorization Violation/,
  external: /^not connected to the external server: .*Authorization Violation/,
};

const echoed = (nc: NatsConnection, unit: string): Promise<string> =>
  eventually(
    `${unit} answers`,
    async () => {
      const answer = await nc
        .request(`ops.echo.${unit}`, `to ${unit}`, { timeout: 1000 })
        .catch(() => undefined);
      return answer?.string();
    },
    long,
  );

/** What `nats req` prints for the echo of a unit. */
const asked = (hub: AuthHub, unit: string): Promise<{ stdout: string; stderr: string }> =>
  run(need('nats'), [...hub.cli, 'req', `ops.echo.${unit}`, `hello ${unit}`], { timeout: long });

/** The headers of the last heartbeat that the stream has of a unit: a slim one names it nowhere else. */
async function heartbeat(nc: NatsConnection, unit: string): Promise<string> {
  const ask = JSON.stringify({ last_by_subj: `ops.heartbeat.${unit}` });
  const block = await eventually(
    `a heartbeat of ${unit} is stored`,
    async () =>
      (await nc.request('$JS.API.STREAM.MSG.GET.NUNECT', ask)).json<{ message?: { hdrs: string } }>().message
        ?.hdrs,
    long,
  );
  return Buffer.from(block, 'base64').toString();
}

const { debian, newest } = natsServers();
const servers = [
  { name: 'oldest', program: debian, hasNkey: false },
  { name: 'newest', program: newest, hasNkey: true },
];
const version = (program: string): string => execFileSync(program, ['--version']).toString().trim();

for (const { name, program = '', hasNkey } of servers) {
  // side by side: most of the time is spent waiting for the next attempt
  describe(`credentials at the ${name} nats-server`, {
    skip: program === '' && 'no such server',
    concurrency: 4,
  }, () => {
    for (const kind of ['login', 'jwt', 'certificate'] as const) {
      test(`${kind}: a hub that does not know its units, and then does`, {
        skip: lacking('nats', 'openssl'),
      }, async (t) => {
        const hub = await authHub(t, program, kind);
        const plans = planned(t, hub, kind, hasNkey);
        const units = await Promise.all(
          plans.map(async (plan) => ({
            ...plan,
            id: plan.user.unit,
            ...(await startUnit(t, program, { unit: plan.user.unit, ...plan })),
          })),
        );
        for (const { id, mode, status, agent } of units) {
          const told = await eventually(
            `${id} says that it is refused`,
            async () => {
              const now = await status().catch(() => undefined);
              return now?.problems.find((text) => complaint[mode].test(text));
            },
            long,
          );
          assert.doesNotMatch(told, /change-me/, id);
          assert.doesNotMatch(agent.output(), /crashed/, id);
        }
        await hub.knowing(plans.map(({ user }) => user));
        const nc = await hub.admin();
        for (const { id, mode, status, agent, warnings } of units) {
          assert.equal(await echoed(nc, id), `to ${id}`);
          const { stdout, stderr } = await asked(hub, id);
          assert.equal(stdout.trim(), `hello ${id}`);
          assert.match(stderr, new RegExp(`X-Unit-ID: ${id}\\n`));
          assert.match(await heartbeat(nc, id), new RegExp(`^X-Unit-ID: ${id}\\r$`, 'm'));
          const now = await eventually(`${id} is content`, async () => {
            const found = await status();
            return (
              found.link.connected && !found.problems.some((text) => complaint[mode].test(text)) && found
            );
          });
          assert.deepEqual(
            now.problems.filter((text) => /permitted|stores no|dropped/.test(text)),
            [],
            id,
          );
          assert.doesNotMatch(warnings, /hub\.(creds|nkey|password|tls)/, id);
          assert.doesNotMatch(agent.output(), /crashed|change-me|SU[A-Z2-7]{56}/, id);
        }
        t.diagnostic(`${version(program)}: ${units.map(({ id }) => id).join(' ')}`);
      });
    }

    test('a user JWT that expires is named, and a renewed file is enough for the leaf', async (t) => {
      const hub = await authHub(t, program, 'jwt');
      const users = (['managed', 'off'] as const).map((mode) => ({ unit: `${mode}-short`, mode }));
      await hub.knowing(users.map(({ unit }) => ({ unit, by: 'password' })));
      const nc = await hub.admin();
      const units = await Promise.all(
        users.map(async ({ unit, mode }) => {
          const dir = tempDir(t, unit);
          const file = join(dir, 'unit.creds');
          const issue = (seconds: number): void =>
            writeFileSync(
              file,
              hub.operator.creds(unit, {
                permissions: permissionsOf(unit, mode === 'off'),
                exp: Math.floor(Date.now() / 1000) + seconds,
              }),
              { mode: 0o600 },
            );
          issue(3600);
          const port = mode === 'off' ? hub.port : hub.leafPort;
          const lines = [
            `list url 'nats://127.0.0.1:${port}'`,
            `option creds_file '${file}'`,
            `option reconnect_s '1'`,
          ];
          const started = await startUnit(t, program, { unit, mode, hub: lines, leaf: [], dir });
          return { unit, mode, file, issue, ...started };
        }),
      );
      for (const { unit, file, status } of units) {
        assert.equal(await echoed(nc, unit), `to ${unit}`);
        const { certificates } = await status();
        assert.deepEqual(
          certificates.map((one) => [one.file, one.kind, one.days_left]),
          [[file, 'user JWT', 0]],
        );
      }
      const handOver = async ({ mode, render, agent }: (typeof units)[number]): Promise<void> => {
        if (mode !== 'off') return; // the leaf reads its creds at each connection
        await render();
        agent.kill('SIGHUP');
      };
      for (const one of units) {
        one.issue(2);
        await handOver(one);
      }
      await hub.knowing(users.map(({ unit }) => ({ unit, by: 'password' }))); // anew: all connect once more
      for (const { unit, mode, file, status, agent } of units) {
        const { problems } = await eventually(
          `${unit} is cut off`,
          async () => {
            const now = await status();
            return now.problems.some((text) => text.includes('has expired')) &&
              now.problems.some((text) => /the hub is not joined|not connected to the hub/.test(text))
              ? now
              : undefined;
          },
          long,
        );
        const named = problems.find((text) => text.includes(file)) ?? '';
        assert.ok(named.startsWith(`user JWT ${file} has expired`), named);
        t.diagnostic(`${version(program)} ${mode}: ${problems.join(' | ')}`);
        await eventually(`${mode} warns`, () => /WARN.*user JWT .* has expired/.test(agent.output()));
      }
      for (const one of units) {
        const { unit } = one;
        one.issue(86_400 * 2.5);
        await handOver(one);
        assert.equal(await echoed(nc, unit), `to ${unit}`);
      }
      for (const { unit, file, status } of units) {
        const now = await eventually(`${unit} counts anew`, async () => {
          const found = await status();
          return found.certificates.some(({ days_left }) => days_left === 2.4) ? found : undefined;
        });
        const told = now.problems.find((text) => text.includes(file)) ?? '';
        assert.match(told, /^user JWT .* expires in 2\.4 days/);
      }
    });
  });
}

test('of two hubs the one that refuses is named, such as that of another fleet', async (t) => {
  const program = need('nats-server');
  const [hub, away] = [await authHub(t, program, 'login'), await reservePort()];
  const { status } = await startUnit(t, program, {
    unit: 'ship-7',
    mode: 'managed',
    hub: [
      `list url 'nats://127.0.0.1:${away},nats://127.0.0.1:${hub.leafPort}'`,
      `option user 'ship-7'`,
      `option password 'change-me'`,
      `option reconnect_s '1'`,
    ],
    leaf: [],
    dir: tempDir(t, 'two'),
  });
  const named = `the hub refuses the credentials (Authorization Violation at 127.0.0.1:${hub.leafPort})`;
  await eventually(
    'the refusal is told',
    async () => (await status().catch(() => undefined))?.problems.some((text) => text.includes(named)),
    long,
  );
});

test('of a file that is used as a copy it is told that a renewed one is not in use yet', async (t) => {
  const program = need('nats-server');
  const hub = await authHub(t, program, 'jwt');
  await hub.knowing([{ unit: 'ship-7', by: 'password' }]);
  const dir = tempDir(t, 'renewed');
  const issue = (): string => hub.operator.creds('ship-7').replaceAll('\n', '\r\n');
  const file = secretFile(dir, 'unit.creds', issue());
  const { status, warnings } = await startUnit(t, program, {
    unit: 'ship-7',
    mode: 'managed',
    hub: [`list url 'nats://127.0.0.1:${hub.leafPort}'`, `option creds_file '${file}'`],
    leaf: [],
    dir,
  });
  assert.match(
    warnings,
    /creds_file '.*': is not saved as nats-server reads it: a copy in normal form is used/,
  );
  await eventually('it is joined', async () => (await status().catch(() => undefined))?.link.hub_up, long);
  secretFile(dir, 'unit.creds', `${issue()} `);
  await eventually(
    'it is told',
    async () => (await status()).problems.find((text) => text.includes('was renewed')),
    long,
  ).then((text) =>
    assert.equal(text, `${file} was renewed, but is not in use: a copy of it as it was before is in use`),
  );
});

test('a seed for a nats-server that is too old for it is an error that names both', {
  skip: debian === undefined && 'no such server',
}, async (t) => {
  const dir = tempDir(t, 'old-nkey');
  const seed = secretFile(dir, 'seed', `${seedOf(nkeys.createUser())}\n`);
  const config = join(dir, 'nunect');
  const text = `config hub\n list url nats://127.0.0.1:9\n option nkey_file '${seed}'\nconfig leaf\n option server '${debian}'\n`;
  writeFileSync(config, text, { mode: 0o600 });
  const { code, stderr } = await nunect(['render', '--config', config, '--out', dir]);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /hub\.nkey_file: is not possible: nats-server 2\.9\.10 cannot do it; it needs 2\.10\.8 or newer/,
  );
});

test('the lists that hub-creds.md makes of hub.conf are those of hub.conf', () => {
  const folder = join(projectRoot, 'config/hub');
  const [snippet = ''] =
    /^subjects\(\)[\s\S]*?^\}/m.exec(readFileSync(join(folder, 'hub-creds.md'), 'utf8')) ?? [];
  const made = (which: string): string[] =>
    execFileSync('sh', ['-c', `${snippet}\nUNIT=ship-7\nsubjects ${which}`], { cwd: folder })
      .toString()
      .trim()
      .split(',');
  const { publish, subscribe } = permissionsOf('ship-7');
  assert.ok(publish.length > 10 && subscribe.length > 10);
  assert.deepEqual(
    made('publish'),
    publish.filter((subject) => subject !== 'ops.echo.demo-02'),
  );
  assert.deepEqual(made('subscribe'), subscribe);
});
