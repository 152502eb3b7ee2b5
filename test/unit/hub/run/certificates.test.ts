import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { hubPaths } from '../../../../agent/hub/kit/hubdir.ts';
import { makeHub } from '../../../../agent/hub/kit/hubfiles.ts';
import { makePrivateFolder } from '../../../../agent/hub/kit/keys.ts';
import { hubPlan } from '../../../../agent/hub/kit/plan.ts';
import { keepCertificates } from '../../../../agent/hub/run/certificates.ts';
import { loadHub } from '../../../../agent/hub/run/hubhere.ts';
import { logTo } from '../../../../agent/lib/log.ts';
import { fakeTicker } from '../../../kit/lib/faketicker.ts';
import { tempDir } from '../../../kit/process/daemon.ts';

const day_ms = 86_400_000;
const now_ms = Date.now();

/** A hub whose certificate was made now, looked after `days` later. */
function hubAfter(
  t: TestContext,
  days: number,
  keysAway = false,
  plan: Parameters<typeof hubPlan>[0] = { host: 'hub.example' },
) {
  const dir = tempDir(t, 'certs');
  makePrivateFolder(join(dir, 'keys'));
  makeHub(dir, hubPlan(plan, undefined), now_ms);
  const cert = (): X509Certificate => new X509Certificate(readFileSync(hubPaths(dir).cert));
  const before = cert().serialNumber;
  if (keysAway) renameSync(join(dir, 'keys'), join(dir, 'elsewhere'));
  const ticker = fakeTicker();
  const logged: string[] = [];
  const log = logTo(({ level, msg }) => logged.push(`${level}: ${msg}`));
  const deps = { ticker, log, wall_ms: () => now_ms + days * day_ms, renewed: () => logged.push('renewed') };
  const kept = keepCertificates(deps, loadHub(dir));
  t.after(() => kept.stop());
  return { cert, isOther: () => cert().serialNumber !== before, logged, ticker };
}

describe('the certificate of a hub that runs', () => {
  it('is left alone while it is valid for more than a year', (t) => {
    const { isOther, logged } = hubAfter(t, 700);
    assert.deepEqual([isOther(), logged], [false, []]);
  });

  it('is renewed in its last year, by the key of the CA', (t) => {
    const { isOther, cert, logged } = hubAfter(t, 760);
    assert.deepEqual([isOther(), logged], [true, ['info: the certificate of the server was renewed']]);
    const left_days = (Date.parse(cert().validTo) - now_ms) / day_ms - 760;
    assert.ok(left_days > 1090, `${left_days} days`);
  });

  it('is not renewed where the keys are elsewhere: that is said once it is time', (t) => {
    assert.deepEqual(hubAfter(t, 790, true).logged, []);
    const { isOther, logged } = hubAfter(t, 800, true);
    assert.equal(isOther(), false);
    assert.equal(logged.length, 1);
    assert.match(
      logged[0] ?? '',
      /^warn: .* ends in 29\d days, and the key of the CA is not in \S+keys: 'nunect-hub init'/,
    );
  });

  it('is renewed behind a proxy too where servers of a cluster know each other by it, else not', (t) => {
    const cluster = { cluster: 'a.example,b.example,c.example', 'behind-proxy': true };
    assert.equal(hubAfter(t, 760, false, cluster).isOther(), true);
    assert.equal(hubAfter(t, 760, false, { host: 'a.example', 'behind-proxy': true }).isOther(), false);
  });
});
