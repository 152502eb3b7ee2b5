// The door of real hubs: what a unit can find out about its hub without a login.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { probeHub } from '../../agent/leaf/watch/hubprobe.ts';
import { causeOfProbe, isReached, type ProbeTls } from '../../agent/leaf/watch/probed.ts';
import { serversToTest } from '../kit/hub/fleet.ts';
import { silentServer } from '../kit/hub/nats.ts';
import { authority, type Certificate, startServer } from '../kit/leaf/leafdaemon.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';

const owner = newOwner();
const dir = tempDir(owner, 'door');
const [ca, otherCa] = [authority(join(dir, 'ca')), authority(join(dir, 'other'))];
const certs = {
  good: ca.issue('good', '/CN=localhost'),
  expired: ca.issue('expired', '/CN=localhost', { days: -1 }),
  elsewhere: ca.issue('elsewhere', '/CN=x', { names: 'DNS:elsewhere.example' }),
  stranger: otherCa.issue('stranger', '/CN=unit'),
};
const limit_ms = 2000;
after(() => owner.end());

for (const { name, program } of serversToTest()) {
  describe(`the door of a hub of nats-server ${name}`, () => {
    const ports: Record<string, number> = {};
    const hub = async (called: string, tls?: Certificate, more = ''): Promise<void> => {
      const port = await reservePort();
      const block =
        tls && `tls { cert_file: "${tls.cert}", key_file: "${tls.key}", ca_file: "${ca.ca}" ${more} }`;
      const conf = join(dir, `${name}-${called}.conf`);
      const text = `listen: "127.0.0.1:${await reservePort()}"\nleafnodes { listen: "127.0.0.1:${port}"\n${block ?? ''} }\n`;
      writeFileSync(conf, text);
      await startServer(owner, program, conf);
      ports[called] = port;
    };
    before(async () => {
      await hub('plain');
      await hub('tls', certs.good);
      await hub('expired', certs.expired);
      await hub('elsewhere', certs.elsewhere);
      await hub('mutual', certs.good, ', verify: true');
    });
    const probe = (called: string, tls?: ProbeTls, scheme = tls === undefined ? 'nats' : 'tls') =>
      probeHub(`${scheme}://localhost:${ports[called]}`, tls, limit_ms);
    const trusted = { caFile: ca.ca };

    test('opens to whoever has the right TLS settings', async () => {
      assert.equal((await probe('plain')).step, 'open');
      assert.equal((await probe('tls', trusted)).step, 'open');
      assert.equal(
        (await probe('mutual', { ...trusted, certFile: certs.good.cert, keyFile: certs.good.key })).step,
        'open',
      );
      assert.equal((await probe('tls', { insecure: true })).step, 'open');
    });

    test('says why it stays shut', async () => {
      const cases = [
        ['plain', trusted, 'tls_missing'],
        ['tls', { caFile: otherCa.ca }, 'ca'],
        ['tls', undefined, 'ca'],
        ['expired', trusted, 'cert_expired'],
        ['elsewhere', trusted, 'cert_name'],
        ['mutual', trusted, 'client_cert'],
        ['mutual', { ...trusted, certFile: certs.stranger.cert, keyFile: certs.stranger.key }, 'client_cert'],
      ] as const;
      for (const [called, tls, cause] of cases) {
        const found = await probe(called, tls);
        assert.equal(found.step, 'tls', JSON.stringify(found));
        assert.equal(causeOfProbe(found), cause, JSON.stringify(found));
        assert.ok(isReached(found));
        assert.match(found.address ?? '', /^(127\.0\.0\.1|\[::1\]):\d+$/);
      }
    });
  });
}

test('an address where nobody is, and a name that nobody has, are not reached', async () => {
  const refused = await probeHub(`nats://127.0.0.1:${await reservePort()}`, undefined, limit_ms);
  assert.equal(refused.step, 'tcp');
  assert.equal(causeOfProbe(refused), 'refused');
  const unknown = await probeHub('nats://no-such-host.invalid:7422', undefined, limit_ms);
  assert.equal(unknown.step, 'dns');
  assert.equal(causeOfProbe(unknown), 'dns', unknown.why);
  assert.deepEqual([refused, unknown].map(isReached), [false, false]);
});

test('one that accepts and stays silent takes no longer than the limit', async () => {
  const silent = await silentServer();
  const begun = performance.now();
  const found = await probeHub(`nats://127.0.0.1:${silent.port}`, undefined, 300);
  assert.equal(found.step, 'info');
  assert.equal(causeOfProbe(found), 'timeout');
  assert.ok(performance.now() - begun < 2000);
  await silent.stop();
});
