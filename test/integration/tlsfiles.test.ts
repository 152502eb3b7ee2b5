import assert from 'node:assert/strict';
import { copyFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemTicker } from '../../agent/lib/ticker.ts';
import { watchTlsFiles } from '../../agent/natsserver/tlsfiles.ts';
import { authority } from '../kit/leaf/leafdaemon.ts';
import { eventually, tempDir } from '../kit/process/daemon.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('renewed files are told once, when they belong together, and only when their contents are others', async (t) => {
  const dir = tempDir(t, 'tls');
  const ca = authority(join(dir, 'ca'));
  const [one, two] = [ca.issue('one', '/CN=u'), ca.issue('two', '/CN=u')];
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  copyFileSync(one.cert, cert);
  copyFileSync(one.key, key);
  const renewed: (readonly string[])[] = [];
  const unfit: string[] = [];
  const watch = watchTlsFiles(
    { ticker: systemTicker(), renewed: (files) => renewed.push(files), unfit: (why) => unfit.push(why) },
    { blocks: [{ ca: ca.ca, cert, key }, {}], everyMs: 30 },
  );
  t.after(() => watch.stop());
  await pause(300);

  utimesSync(cert, 1, 1); // touched, but the same
  copyFileSync(one.cert, cert);
  await pause(200);
  assert.deepEqual([renewed, unfit], [[], []]);

  copyFileSync(two.cert, cert);
  assert.equal(watch.unused(), undefined);
  await eventually('the half pair', () => unfit.length > 0);
  assert.deepEqual(watch.unused(), { file: key, why: 'is not the key of the certificate' });
  rmSync(key);
  await pause(150);
  copyFileSync(two.key, key);
  await eventually('renewed', () => renewed.length > 0);
  assert.deepEqual(renewed, [[cert, key]]);
  assert.equal(watch.unused(), undefined);
  assert.deepEqual(unfit, [`${key} is not the key of the certificate`]);

  writeFileSync(ca.ca, 'not a certificate');
  await eventually('unfit again', () => unfit.length > 1);
  assert.match(unfit[1] ?? '', /ca\.pem/);
  assert.equal(renewed.length, 1);
});
