// A hub and a link to it whose moods a test sets, and which remember all that came: for models of the spool.
import { logTo } from '../../../agent/lib/log.ts';
import type { LinkState } from '../../../agent/nats/link.ts';
import type { Answer, PublishOptions } from '../../../agent/nats/outgoing.ts';
import type { SpoolLimits } from '../../../agent/records/contents.ts';
import type { Gap } from '../../../agent/records/record.ts';
import { openSpool } from '../../../agent/records/spool.ts';
import { fakeTicker } from '../lib/faketicker.ts';

/** How the hub takes a request. */
export const moods = [
  ...(['stored', 'slow', 'stored_silently', 'no_responders', 'timeout', 'full', 'hopeless'] as const),
  ...(['denied', 'too_large', 'garbage', 'never'] as const),
] as const;
export type Mood = (typeof moods)[number];

/** A record as it left. */
export interface Left {
  readonly id: string;
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly backfill: boolean;
}

/** A spool on a hub of that kind. */
export function spoolHub(limits: SpoolLimits) {
  const ticker = fakeTicker();
  const [requested, published]: [Left[], Left[]] = [[], []];
  const stored = new Set<string>();
  const waiting = new Set<(answer: Answer) => void>();
  const gaps: Gap[] = [];
  const hub = {
    up: true as boolean | undefined,
    mood: 'stored' as Mood,
    onRequest: (_one: Left): void => {},
  };
  let state: LinkState = { connected: true, since_ms: 0 };
  let listener = (_state: LinkState): void => {};

  const read = (subject: string, payload: Uint8Array | string, { headers = {} }: PublishOptions): Left => {
    const body = JSON.parse(String(payload)) as Record<string, unknown>;
    return {
      id: headers['Nats-Msg-Id']?.[0] ?? '',
      subject,
      body,
      backfill: headers['X-Backfill'] !== undefined,
    };
  };
  const reply = (value: unknown): Answer => {
    const data = new TextEncoder().encode(JSON.stringify(value));
    return { kind: 'reply', message: { subject: '_INBOX_u1.1', data, size: () => 0 } };
  };
  const take = ({ id }: Left): Answer => {
    const duplicate = stored.has(id);
    stored.add(id);
    return reply({ stream: 'FLEET', seq: stored.size, ...(duplicate ? { duplicate } : {}) });
  };
  const later = (answer: () => Answer, ms: number): Promise<Answer> =>
    new Promise((resolve) => {
      const settle = (said: Answer): void => {
        if (waiting.delete(settle)) resolve(said);
      };
      waiting.add(settle);
      if (ms !== Infinity) ticker.after(ms, () => settle(answer()));
    });
  const refusal = (err_code: number) =>
    reply({ error: { code: 400, err_code, description: `error ${err_code}` } });

  const answer = (one: Left, timeout_ms: number): Answer | Promise<Answer> => {
    const timeout = (): Answer => ({ kind: 'timeout' });
    switch (hub.mood) {
      case 'stored':
        return take(one);
      case 'slow':
        return later(() => take(one), timeout_ms / 2);
      case 'stored_silently':
        take(one);
        return later(timeout, timeout_ms);
      case 'timeout':
        return later(timeout, timeout_ms);
      case 'full':
        return refusal(10077);
      case 'hopeless':
        return refusal(10054);
      case 'garbage':
        return reply({ ok: true });
      case 'never':
        return later(timeout, Infinity);
      default:
        return { kind: hub.mood };
    }
  };

  const spool = openSpool(
    {
      random: Math.random,
      ticker,
      log: logTo(() => {}),
      hubUp: () => hub.up,
      wall_ms: () => ticker.now_ms() + 1e12,
      gapRecord: (gap) => {
        gaps.push(gap);
        return { subject: 'ops.status', priority: 'event', body: { gap } };
      },
      link: {
        state: () => state,
        onChange(heard) {
          listener = heard;
          return () => {};
        },
        publish(subject, payload, opts = {}) {
          if (state.connected) published.push(read(subject, payload, opts));
          return state.connected;
        },
        async request(subject, payload, opts) {
          const one = read(subject, payload, opts);
          hub.onRequest(one);
          if (!state.connected) return { kind: 'closed' };
          requested.push(one);
          return answer(one, opts.timeout_ms);
        },
      },
    },
    { unit: 'u1', boot: 'b', ...limits },
  );
  return {
    ...{ ticker, hub, spool, requested, published, stored, gaps },
    /** A connection that ends answers what was asked over it with `closed`. */
    connect(connected: boolean): void {
      state = { connected, since_ms: ticker.now_ms() };
      if (!connected) for (const settle of [...waiting]) settle({ kind: 'closed' });
      listener(state);
    },
  };
}
