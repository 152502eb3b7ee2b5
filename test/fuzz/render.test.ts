import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import * as fc from 'fast-check';
import { render } from '../../agent/cli/render.ts';
import { holdsAsync } from '../kit/fuzz/fuzz.ts';
import { hostileText } from '../kit/fuzz/hostile.ts';
import { readNatsConf } from '../kit/leaf/natsconf.ts';
import { natsServers } from '../kit/process/tools.ts';

const dir = mkdtempSync(join(tmpdir(), 'nunect-fuzz-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const secret = fc
  .tuple(fc.stringMatching(/^[a-z0-9]{12}$/), hostileText(20))
  .map(([core, rest]) => ({ core, text: core + rest.replace(/\p{Cc}|\p{Cs}|\u2028|\u2029/gu, '') }));
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const section = fc.constantFrom('app', 'constructor', '__proto__', 'radio');

holdsAsync(
  'no secret is shown by render --stdout, neither one in the config nor one in a file that it names',
  fc.tuple(fc.array(secret, { minLength: 6, maxLength: 6 }), section, fc.boolean()),
  async ([secrets, user, anonymous]) => {
    const [hub, first, file, hubFile, external, odd] = secrets.map(({ text }) => text);
    const at = (name: string, text = ''): string => {
      writeFileSync(join(dir, name), `${text}\n`, { mode: 0o600 });
      return join(dir, name);
    };
    const fromFile = hub !== undefined && hub.length % 2 === 0;
    const config = at(
      'nunect',
      [
        'config hub',
        '\tlist url nats://hub',
        '\toption user joe',
        `\toption ${fromFile ? `password_file ${at('hub', hubFile)}` : `password ${quote(hub ?? '')}`}`,
        'config leaf',
        `\toption server ${natsServers().newest ?? 'nats-server'}`,
        `\toption external_password ${quote(external ?? '')}`,
        ...(anonymous ? [`\toption anonymous ${user}`] : []),
        `config user ${user}`,
        `\toption password ${quote(first ?? '')}`,
        'config user other',
        `\toption password_file ${at('file', file)}`,
        'config user odd',
        `\tlist password ${quote(odd ?? '')}`,
      ].join('\n'),
    );
    let [out, err] = ['', ''];
    const io = {
      stdout: (text: string) => {
        out += text;
      },
      stderr: (text: string) => {
        err += text;
      },
    };
    assert.equal(await render(['--config', config, '--stdout'], io), 0);
    for (const { core } of secrets) assert.ok(!(out + err).includes(core), `${core} in ${out}${err}`);
    const { accounts } = readNatsConf(out) as unknown as { accounts: { UNIT: { users: object[] } } };
    assert.equal(accounts.UNIT.users.length, 3, 'the agent and the two that have a password');
  },
  20,
);
