import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeConfig } from '../../../../agent/cli/doctor/configchecks.ts';
import { loadConfigFile } from '../../../../agent/config/file.ts';
import { commandsOf } from '../../../../agent/health/host.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { levels } from '../../../kit/unit/checkresults.ts';

const at = { file: '/etc/config/nunect', line: 3, severity: 'error' } as const;
const facts = { config: withOptions({}), host: commandsOf('openwrt'), file: at.file, set: 3 };

test('a problem of the config is shown where it can be mended, one of rights with its command', () => {
  const rights = 'readable by everybody (mode 0644, owner root, group root): chmod 600 /k';
  const results = judgeConfig(
    [
      {
        ...at,
        severity: 'warning',
        option: 'hub.nkey_file',
        message: rights,
        ofFile: true,
        mend: 'chmod 600 /k',
      },
      { ...at, option: 'hub.tls_ca', message: 'there is no such file', ofFile: true },
      { ...at, option: 'hub.url', message: 'must be' },
    ],
    facts,
  );
  assert.deepEqual(levels(results), ['config FAIL', 'files and rights FAIL', 'files and rights WARN']);
  assert.equal(results[0]?.mend, 'vi -c 3 /etc/config/nunect; /etc/init.d/nunect reload');
  assert.equal(results[2]?.mend, 'chmod 600 /k; /etc/init.d/nunect reload');
  assert.deepEqual(levels(judgeConfig([], facts)), ['config OK', 'files and rights OK']);
});

test('of a config that cannot be read it is not said that the files it names are there', () => {
  const { problems, set } = loadConfigFile('/no/such/config');
  assert.equal(set, undefined);
  assert.deepEqual(levels(judgeConfig(problems, { ...facts, set })), [
    'config FAIL',
    'files and rights skip',
  ]);
});
