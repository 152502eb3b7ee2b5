import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkCertificates, checkRest, datesOf, judgeDevice } from '../../../../agent/cli/doctor/device.ts';
import type { DoctorFacts } from '../../../../agent/cli/doctor/facts.ts';
import type { Finding } from '../../../../agent/health/finding.ts';
import { newOperator } from '../../../kit/hub/jwt.ts';
import { withOptions } from '../../../kit/leaf/leafconfig.ts';
import { fullSnapshot } from '../../../kit/page/snapshot.ts';
import { tempDir } from '../../../kit/process/daemon.ts';
import { levels, resultOf } from '../../../kit/unit/checkresults.ts';
import { findingLike } from '../../../kit/unit/unitfakes.ts';

/** As far as these checks look at it: an agent that answers. */
const answering = (...troubles: Finding[]) =>
  ({
    configFile: 'f',
    isRoot: false,
    loaded: { config: withOptions({}), problems: [{ file: 'f', line: 3, message: 'm', severity: 'error' }] },
    snapshot: { ...fullSnapshot, troubles },
  }) as unknown as DoctorFacts;

test('too little memory or storage is reported, a small file system that is half empty is not', () => {
  const memory = { total_bytes: 2 ** 29, available_bytes: 2 ** 23, used_percent: 98 };
  const storage = [
    { path: '/', total_bytes: 2 ** 30, available_bytes: 1000, used_percent: 100 },
    { path: '/tmp', total_bytes: 2 ** 20, available_bytes: 2 ** 19, used_percent: 50 },
  ];
  assert.deepEqual(levels(judgeDevice({ memory, storage })), ['memory WARN', 'storage WARN']);
  assert.deepEqual(levels(judgeDevice({ storage: storage.slice(1) })), ['memory skip', 'storage OK']);
  assert.equal(
    resultOf(judgeDevice({ storage: storage.slice(1) }), 'storage').detail,
    '512\u00a0KiB free on /tmp',
  );
});

test('a certificate that is valid for weeks yet is a warning, one that is not valid, or soon will not be, fails', async () => {
  const results = await checkCertificates(
    answering(
      findingLike({ code: 'certificate_expiring', key: 'certificate /a', weight: 'note' }),
      findingLike({ code: 'certificate_expired', key: 'certificate /b' }),
      findingLike({ code: 'certificate_early', key: 'certificate /c' }),
      findingLike({ code: 'hub_down' }),
    ),
  );
  assert.deepEqual(
    results.map(({ level }) => level),
    ['WARN', 'FAIL', 'FAIL'],
  );
  const none = { snapshot: { ...fullSnapshot, troubles: [], certificates: [] } } as unknown as DoctorFacts;
  assert.deepEqual((await checkCertificates(none))[0]?.detail, 'none configured');
});

test('dates are told of the files that may be read, and by what is read of them', async (t) => {
  const file = join(tempDir(t, 'dates'), 'unit.creds');
  writeFileSync(file, newOperator().creds('u', { exp: 1_700_000_000 }));
  const files = (creds_file: string) => ({
    config: withOptions({ hub: { url: ['tls://h'], creds_file } }),
    connection: { servers: [] },
  });
  const [told] = await datesOf(files('/none'), () => readFileSync(file));
  assert.match(told ?? '', /^user JWT \/none has expired/);
  assert.deepEqual(await datesOf(files(file), () => undefined), []);
});

test('what no other check looks for is shown at the end, and what another one shows is not shown twice', () => {
  const results = checkRest(
    answering(
      findingLike({ code: 'hub_down' }),
      findingLike({ code: 'duplicate_ids', key: 'duplicate_id' }),
      findingLike({ code: 'config_problem', key: 'f:3: m', about: 'f' }), // which the file shows, too
      findingLike({ code: 'config_problem', key: 'of render', about: 'f' }),
      findingLike({ code: 'of a later version' as 'hub_down', key: 'news' }),
    ),
  );
  assert.deepEqual(levels(results), ['of render FAIL', 'duplicate_id FAIL', 'news FAIL']);
});
