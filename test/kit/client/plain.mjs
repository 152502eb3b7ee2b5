// A client on nats.js alone, which shares no code with nunect-client: it conforms, or with WRONG it is wrong in that one
// point. It is run by the tests of `make conformance`.
import { connect, headers } from '@nats-io/transport-node';

const {
  NUNECT_URL: servers,
  NUNECT_USER: user,
  NUNECT_PASSWORD: pass,
  NUNECT_UNIT: unit,
  WRONG,
} = process.env;
const given = WRONG === 'id.given' ? undefined : process.env.NUNECT_ID;
const random = WRONG === 'id.unique' ? 'same' : Math.random().toString(36).slice(2, 6).padEnd(4, '0');
const id = given ?? (WRONG === 'id.scheme' ? `app-${random}` : `nats-ui-laptop-linux-${random}`);
const wrong = (point) => WRONG === point;
if (wrong('connects')) setInterval(() => {}, 1000);
else await run();

async function run() {
  const nc = await connect({
    servers,
    user,
    pass,
    name: wrong('id.name') ? 'nats-ui' : id,
    reconnect: !wrong('reconnect.server'),
    maxReconnectAttempts: -1,
    reconnectTimeWait: wrong('login.pace') ? 5 : 300,
    reconnectJitter: 0,
    waitOnFirstConnect: true,
    // by default nats.js gives up after the second refusal
    ignoreAuthErrorAbort: !wrong('login.refused'),
  });
  nc.closed().then(() => setInterval(() => {}, 1000));
  const away_us = await unitAhead_us(nc);
  const now_us = () => Math.round(machine_us());
  const answer = (message, reply) => {
    const received = now_us() + away_us;
    const back = headers();
    for (const [name, values] of message.headers ?? []) {
      if (wrong('echo.headers') || (/^Nats-Expected/i.test(name) && !wrong('echo.server'))) continue;
      for (const value of values) back.append(name, value);
    }
    if (!wrong('echo.unit')) back.set('X-Unit-ID', id);
    const unit = wrong('echo.times') ? 1000 : 1;
    back.set('X-Server-Received-At', String(Math.round(received / unit)));
    back.set('X-Server-Sent-At', String(Math.round((now_us() + away_us) / unit)));
    if (away_us !== 0 || wrong('echo.clock')) {
      back.set('X-Clock-Source', 'ptp');
      back.set('X-Clock-Quality', 'tracking');
      back.set('X-Clock-Error-Bound', '50000000');
    }
    const data = wrong('echo.payload') ? new TextEncoder().encode(message.string()) : message.data;
    try {
      nc.publish(reply, data, { headers: back });
    } catch {
      back.set('Nats-Service-Error-Code', '413');
      if (!wrong('echo.large')) nc.publish(reply, '', { headers: back });
    }
  };
  const echo = (_error, message) => {
    const { reply = '' } = message;
    if (!reply.startsWith('_INBOX.') && !wrong('echo.aim')) return;
    answer(message, reply);
    if (wrong('echo.once') && Math.random() < 0.5) answer(message, reply);
  };
  const sub = nc.subscribe(`ops.echo.${id}`, { callback: echo });
  if (wrong('reconnect.once')) watch(nc, () => nc.subscribe(`ops.echo.${id}`, { callback: echo }));
  if (wrong('login.again')) watch(nc, undefined, () => sub.unsubscribe());
  publish(nc);
}

function machine_us() {
  return (performance.timeOrigin + performance.now()) * 1000;
}

/** How far the unit is ahead of this machine, by the shortest of some exchanges; 0 where no unit is taken. */
async function unitAhead_us(nc) {
  if (wrong('echo.clock')) return 0;
  let best = { rtt_us: Infinity, ahead_us: 0 };
  for (let i = 0; i < 5; i++) {
    const sent_us = machine_us();
    const { t2_us } = (await nc.request(`ops.time.sync.${unit}`, '{"t1_us":1}', { timeout: 5000 })).json();
    const rtt_us = machine_us() - sent_us;
    if (rtt_us < best.rtt_us) best = { rtt_us, ahead_us: Math.round(t2_us - sent_us - rtt_us / 2) };
  }
  return best.ahead_us;
}

async function watch(nc, reconnected, refused) {
  for await (const { type, error } of nc.status()) {
    if (type === 'reconnect') reconnected?.();
    if (type === 'error' && /Authorization/.test(error?.name)) refused?.();
  }
}

function publish(nc) {
  for (const lvl of wrong('log.levels') ? ['INFO'] : ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']) {
    const record = {
      ts: new Date().toISOString(),
      lvl,
      unit: id,
      comp: 'plain',
      msg: 'said',
      fields: { a: null },
    };
    if (wrong('log.record')) record.ts = Date.now();
    if (wrong('records.known')) record.more = null;
    nc.publish(`ops.log.${lvl}.${wrong('records.own') ? 'somebody' : id}`, JSON.stringify(record));
  }
  let sequence = 0;
  const beat = () => {
    sequence += wrong('heartbeat.sequence') ? 2 : 1;
    const ts = Date.now();
    const interval_s = wrong('heartbeat.record') ? '0.2' : 0.2;
    const made = headers();
    made.set('X-Unit-ID', id);
    made.set('X-Sequence', String(sequence));
    made.set('X-Timestamp', String(ts));
    if (!wrong('heartbeat.headers')) made.set('X-Health-Status', 'OK');
    const body = { status: 'healthy', sequence, ts, unit_id: id, interval_s, problems: [] };
    if (!nc.isClosed()) nc.publish(`ops.heartbeat.${id}`, JSON.stringify(body), { headers: made });
  };
  beat();
  setInterval(beat, 200);
}
