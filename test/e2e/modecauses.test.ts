// A unit without a leaf of its own tells why it has no hub, too: in words, by name and as a problem.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authority, startServer } from '../kit/leaf/leafdaemon.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, need } from '../kit/process/tools.ts';
import { agentWith } from '../kit/unit/agents.ts';

const program = natsServers().newest ?? need('nats-server');

test('off and external: wrong password, wrong CA and a hub that is gone are told apart', async (t) => {
  const dir = tempDir(t, 'modecauses');
  const [ours, foreign] = [authority(join(dir, 'ours')), authority(join(dir, 'foreign'))];
  const { cert, key } = ours.issue('hub', '/CN=localhost');
  const ports = [];
  while (ports.length < 6) ports.push(await reservePort());
  const [plain, secure, gone, leafs, leaf, monitor] = ports;
  const conf = (name: string, text: string): string => {
    const file = join(dir, `${name}.conf`);
    writeFileSync(file, text);
    return file;
  };
  const users = 'authorization { users: [ { user: "u", password: "right" } ] }';
  await startServer(t, program, conf('plain', `listen: "127.0.0.1:${plain}"\n${users}\n`));
  await startServer(
    t,
    program,
    conf(
      'secure',
      `listen: "127.0.0.1:${secure}"\n${users}\ntls { cert_file: "${cert}", key_file: "${key}" }\n`,
    ),
  );
  await startServer(
    t,
    program,
    conf(
      'leaf',
      `listen: "127.0.0.1:${leaf}"\nhttp: "127.0.0.1:${monitor}"\n${users}\nleafnodes { reconnect: 1, remotes: [ { url: "nats-leaf://127.0.0.1:${leafs}" } ] }\n`,
    ),
  );
  const off = (url: string, ...more: string[]): string =>
    `config hub 'hub'\n\tlist url '${url}'\n${[`user 'u'`, ...more].map((line) => `\toption ${line}\n`).join('')}config leaf 'leaf'\n\toption mode 'off'\n`;
  const external = (password: string, ...more: string[]): string =>
    `config leaf 'leaf'\n${[
      `mode 'external'`,
      `external_url 'nats://127.0.0.1:${leaf}'`,
      `external_user 'u'`,
      `external_password '${password}'`,
      ...more,
    ]
      .map((line) => `\toption ${line}\n`)
      .join('')}`;
  const hubOfLeaf = `config hub 'hub'\n\tlist url 'nats-leaf://127.0.0.1:${leafs}'\n`;
  const cases: readonly [what: string, sections: string, cause: string, error: RegExp, problem: RegExp][] = [
    [
      'off, wrong password',
      off(`nats://127.0.0.1:${plain}`, `password 'wrong'`),
      'auth',
      /authorization violation/i,
      /^not connected to the hub: .*authorization violation/i,
    ],
    [
      'off, wrong CA',
      off(`tls://localhost:${secure}`, `password 'right'`, `tls_ca '${foreign.ca}'`),
      'ca',
      /unable to (verify|get)|self.signed|unknown authority/i,
      /^not connected to the hub: .*(verify|issuer|self.signed)/i,
    ],
    [
      'off, hub gone',
      off(`nats://127.0.0.1:${gone}`, `password 'right'`),
      'refused',
      /connection refused|ECONNREFUSED/,
      /^not connected to the hub: .*refused/i,
    ],
    [
      'external, wrong password',
      external('wrong'),
      'auth',
      /authorization violation/i,
      /^not connected to the external server: .*authorization violation/i,
    ],
    [
      'external, hub gone',
      hubOfLeaf + external('right', `external_monitor_url 'http://127.0.0.1:${monitor}'`),
      'refused',
      /nobody listens at the address of the hub \(.*\) since .*; check that the hub runs/,
      /^the hub is not joined: nobody listens at the address of the hub/,
    ],
  ];
  await Promise.all(
    cases.map(async ([what, sections, cause, error, problem]) => {
      const { status, agent } = await agentWith(t, sections);
      let last = {};
      await eventually(
        what,
        async () => {
          const now = await status().catch(() => undefined);
          last = now ?? last;
          return (
            now?.link.cause === cause &&
            error.test(now.link.last_error ?? '') &&
            now.problems.some((text) => problem.test(text))
          );
        },
        90_000,
        100,
      ).catch((failure) => {
        throw new Error(`${failure}\n${JSON.stringify(last)}\n${agent.output()}`);
      });
      assert.doesNotMatch(agent.output(), /crashed|'?(wrong|right)'?\b.*password/);
    }),
  );
});
