import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { renderLeaf } from '../../agent/leaf/conf/server.ts';
import { secretsOf, userSection, withOptions } from '../kit/leaf/leafconfig.ts';
import { startServer } from '../kit/leaf/leafdaemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { natsServers, withoutNewest } from '../kit/process/tools.ts';

const { debian, newest } = natsServers();
for (const [program, version] of [
  [debian, [2, 9, 10]],
  [newest, [2, 15, 2]],
] as const) {
  test(`nats-server ${version.join('.')} starts with an anonymous user without a secret, who may do what is listed`, {
    skip: program === undefined && withoutNewest(),
  }, async (t) => {
    assert.ok(program !== undefined, 'no server: make tools');
    const dir = mkdtempSync(join(tmpdir(), 'nunect-anonymous-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const port = await reservePort();
    const guest = userSection('guest', { publish: ['app.>'], subscribe: ['app.>'] });
    const config = withOptions({ leaf: { port, anonymous: 'guest' } }, { user: [guest] });
    const conf = join(dir, 'leaf.conf');
    writeFileSync(conf, renderLeaf(config, secretsOf(config), version).text);
    const daemon = await startServer(t, program, conf);
    const servers = `nats://127.0.0.1:${port}`;
    const anybody = await connect({ servers, reconnect: false });
    const heard = anybody.subscribe('app.x', { max: 1 });
    anybody.publish('app.x', 'hello');
    for await (const message of heard) assert.equal(message.string(), 'hello');
    await anybody.close();
    await assert.rejects(connect({ servers, reconnect: false, user: 'guest', pass: 'guessed' }));
    await assert.rejects(connect({ servers, reconnect: false, user: 'nunect-agent' }));
    await daemon.end();
  });
}
