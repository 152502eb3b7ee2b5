// node node.mjs UNIT [SERVER]: shows the time of a unit.
// Needs: npm install @nats-io/transport-node ./nunect-client-VERSION.tgz
import * as nats from '@nats-io/transport-node';
import { openClient } from 'nunect-client';

const [unit, servers = 'nats://127.0.0.1:4222'] = process.argv.slice(2);
const { NATS_USER: user, NATS_PASSWORD: password } = process.env;
const { clock } = openClient(nats, { servers, login: { user, password }, clock: unit, echo: false });

setInterval(() => {
  const { now_us, error_us, source, quality, trouble } = clock.status();
  const time = now_us === undefined ? 'no time yet' : new Date(now_us / 1000).toISOString();
  const error = error_us === undefined ? 'error unknown' : `within ${Math.ceil(error_us)} us`;
  console.log(`${time}  ${error}  ${source}/${quality}  ${trouble ?? ''}`);
}, 1000);
