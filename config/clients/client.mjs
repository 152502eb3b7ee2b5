// node client.mjs: a client that does all there is. Needs: npm install @nats-io/transport-node ./nunect-client-VERSION.tgz
// It is told where and who by the environment, as `make conformance` does: NUNECT_URL, NUNECT_USER, NUNECT_PASSWORD,
// NUNECT_ID (else it makes one), NUNECT_UNIT (whose time it takes).
import * as nats from '@nats-io/transport-node';
import { openClient } from 'nunect-client';

const { NUNECT_URL: servers = 'nats://127.0.0.1:4222', NUNECT_ID: id, NUNECT_UNIT: clock } = process.env;
const { NUNECT_USER: user, NUNECT_PASSWORD: password } = process.env;

const client = openClient(nats, { servers, login: { user, password }, id, clock, heartbeat_s: 1, comp: 'example' });
client.on((event) => console.log(JSON.stringify({ id: client.id, ...event })));
client.subscribe('ops.log.FATAL.*', (message) => console.log('somebody failed:', message.json().msg));

client.logger.debug('kept until there is a connection, and sent then');
await client.connected();
client.logger.info('started', { node: process.version, pid: process.pid });
client.logger.of('audio').warn('no microphone');
client.logger.error('an example of an error', { error: new Error('nothing is wrong') });
client.logger.fatal('an example of the end');

for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => client.close().then(() => process.exit()));
