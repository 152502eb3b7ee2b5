import type { UnitClock } from './clock.ts';
import { clockHeaders } from './echo.ts';
import { guarded, messageOf } from './errors.ts';
import type { Headers } from './transport.ts';
import { mono_ms } from './wallclock.ts';

/** How the app is, as it says itself; a sentence for each problem, the gravest first. */
export interface Health {
  readonly status: 'healthy' | 'degraded' | 'critical';
  readonly problems?: readonly string[];
}

/** What a heartbeat needs of its client. */
export interface HeartbeatDeps {
  readonly id: string;
  readonly interval_s: number;
  readonly version: string | undefined;
  readonly clock: UnitClock | undefined;
  health(): Health;
  now_us(): number;
  publish(subject: string, payload: string, headers: Headers): boolean;
  /** Round trip to the server. */
  flush(): Promise<void>;
  /** Round trip to the client's own echo. */
  echo(): Promise<unknown>;
}

/** The header of that name with how long the work takes; none where it fails. */
async function took(name: string, work: () => Promise<unknown>): Promise<Record<string, string>> {
  const begun_ms = mono_ms();
  try {
    await work();
    return { [name]: `${Math.round((mono_ms() - begun_ms) * 1000)}µs` };
  } catch {
    return {};
  }
}

/** Sends `ops.heartbeat.<id>` at its interval, and with the first connection. */
export function keepHeartbeat(deps: HeartbeatDeps) {
  const { id, interval_s, version } = deps;
  const begun_ms = mono_ms();
  let sequence = 0;
  let rtts: Record<string, string> = {};

  async function send({ status, problems = [] }: Health, last: { stopping?: true }): Promise<void> {
    const ts = Math.floor(deps.now_us() / 1000);
    const uptime_s = Math.floor((mono_ms() - begun_ms) / 1000);
    const number = sequence + 1;
    const body = JSON.stringify({
      status,
      sequence: number,
      ts,
      unit_id: id,
      interval_s,
      version,
      uptime_s,
      problems,
      ...last,
    });
    const isSent = deps.publish(`ops.heartbeat.${id}`, body, {
      'X-Unit-ID': id,
      'X-Sequence': number,
      'X-Timestamp': ts,
      ...rtts,
      ...clockHeaders(deps.clock),
      'X-Health-Status': status === 'healthy' ? 'OK' : status.toUpperCase(),
      'X-Uptime': uptime_s,
    });
    if (!isSent) return;
    sequence = number;
    rtts = { ...(await took('X-Native-RTT', deps.flush)), ...(await took('X-App-RTT', deps.echo)) };
  }

  /** Where the app cannot say how it is, or not so that it can be sent, that is what the heartbeat says. */
  async function beat(last: { stopping?: true } = {}): Promise<void> {
    try {
      const health = deps.health();
      void guarded(() => health); // a promise is no health, but if it rejects the app is to live on
      await send(health, last);
    } catch (error) {
      await guarded(() => send({ status: 'degraded', problems: [`health: ${messageOf(error)}`] }, last));
    }
  }

  const timer = setInterval(beat, interval_s * 1000);
  return {
    beat: (): Promise<void> => beat(),
    /** Says that this client ends on purpose. */
    stop() {
      clearInterval(timer);
      void beat({ stopping: true });
    },
  };
}
