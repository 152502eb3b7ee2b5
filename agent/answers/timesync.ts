import type { ClockSummary } from '../clock/types.ts';
import { isObject } from '../lib/parse.ts';
import type { Link } from '../nats/link.ts';
import { anyMatches, encodeRecord } from '../wire/values.ts';

export interface TimeSyncDeps {
  readonly link: Pick<Link, 'publish' | 'subscribe'>;
  /** Unix µs, from a clock that survives steps. */
  now_us(): number;
  clock(): ClockSummary;
  /** TAI minus UTC in seconds, where known. */
  utcOffset_s(): number | undefined;
}

/**
 * Reply of `ops.time.sync.<unit>`: Unix µs. With t4 taken by the client when it arrives, its offset to the unit is
 * ((t2 - t1) + (t3 - t4)) / 2 and the path took (t4 - t1) - (t3 - t2).
 */
export interface TimeSyncReply {
  /** As the client sent it, when it is a number. */
  readonly t1_us?: number;
  /** When the request came in. */
  readonly t2_us: number;
  /** When the reply went out. */
  readonly t3_us: number;
  readonly source: ClockSummary['source'];
  readonly quality: ClockSummary['quality'];
  readonly error_bound_ns?: number;
  /** Against the grandmaster. */
  readonly error_rel_ns?: number;
  readonly utc_offset_s?: number;
}

const requestLimit_bytes = 1024;

function t1Of(data: Uint8Array): number | undefined {
  if (data.length === 0 || data.length > requestLimit_bytes) return undefined;
  try {
    const asked: unknown = JSON.parse(new TextDecoder().decode(data));
    const t1_us = isObject(asked) ? asked['t1_us'] : undefined;
    return typeof t1_us === 'number' && Number.isFinite(t1_us) ? t1_us : undefined;
  } catch {
    return undefined;
  }
}

/** Answers time requests of clients that cannot set their clock. Returns its end. */
export function answerTimeSync(
  deps: TimeSyncDeps,
  opts: { readonly subject: string; readonly replySubjects: readonly string[] },
): () => void {
  const isAllowed = anyMatches(opts.replySubjects);
  return deps.link.subscribe(opts.subject, (message) => {
    const t2_us = Math.round(deps.now_us());
    const { reply } = message;
    if (!isAllowed(reply)) return;
    const t1_us = t1Of(message.data);
    const utc_offset_s = deps.utcOffset_s();
    const answer: TimeSyncReply = {
      ...(t1_us === undefined ? {} : { t1_us }),
      t2_us,
      t3_us: Math.round(deps.now_us()),
      ...deps.clock(),
      ...(utc_offset_s === undefined ? {} : { utc_offset_s }),
    };
    deps.link.publish(reply, encodeRecord(answer));
  });
}
