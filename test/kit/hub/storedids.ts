import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from '../process/daemon.ts';
import { jetstream } from './fleet.ts';

/** A record as a stream has it. */
export interface StoredRecord {
  /** Its Nats-Msg-Id in parts: `<unit>-<boot>-<seq>`. */
  readonly id: string;
  readonly boot: string;
  readonly seq: number;
  readonly subject: string;
  readonly health: string;
  /** Of a heartbeat, slim ones too, which have no id; else NaN. */
  readonly sequence: number;
  /** Unix ms, of `ts` or of the header of a slim heartbeat. */
  readonly made_ms: number;
  readonly backfill: boolean;
  body(): Record<string, unknown>;
}

/** Reads a whole stream as a consumer does, in stream order. */
export async function readStream(nc: NatsConnection, stream: string): Promise<StoredRecord[]> {
  const inbox = createInbox();
  const found: StoredRecord[] = [];
  const subscription = nc.subscribe(inbox, {
    callback(_error, message) {
      if (message.subject === inbox) {
        const goOn = message.reply || message.headers?.get('Nats-Consumer-Stalled');
        if (goOn) nc.publish(goOn); // flow control: what a busy reader leaves waiting the server would drop
        return;
      }
      const id = message.headers?.get('Nats-Msg-Id') ?? '';
      const [seq = '', boot = ''] = id.split('-').reverse();
      found.push({
        id,
        boot,
        seq: Number(seq),
        subject: message.subject,
        health: message.headers?.get('X-Health-Status') ?? '',
        made_ms: Number(message.headers?.get('X-Timestamp') || /"ts":(\d+)/.exec(message.string())?.[1]),
        sequence: Number(message.headers?.get('X-Sequence') || Number.NaN),
        backfill: message.headers?.get('X-Backfill') === 'true',
        body: () => message.json(),
      });
    },
  });
  const { state } = await jetstream(nc, `STREAM.INFO.${stream}`);
  const count = state?.messages ?? 0;
  const made = await jetstream(nc, `CONSUMER.CREATE.${stream}`, {
    stream_name: stream,
    config: {
      deliver_subject: inbox,
      ack_policy: 'none',
      deliver_policy: 'all',
      inactive_threshold: 5e9,
      flow_control: true,
      idle_heartbeat: 1e9,
    },
  });
  if (made.error !== undefined) throw new Error(made.error.description);
  await eventually(`${count} records read`, () => found.length >= count, 180_000);
  subscription.unsubscribe();
  return found;
}

/** What came of the records of one boot, after `from`, as anybody at the hub can tell from their ids. */
export function account(records: readonly StoredRecord[], boot: string, from = 0) {
  const seqs = records.filter((record) => record.boot === boot && record.seq > from).map(({ seq }) => seq);
  const unique = new Set(seqs);
  const last = seqs.reduce((most, seq) => Math.max(most, seq), from);
  const missing = Array.from({ length: last - from }, (_, i) => from + 1 + i).filter(
    (seq) => !unique.has(seq),
  );
  return { last, stored: unique.size, doubled: seqs.length - unique.size, missing };
}

/** Waits until no record of a boot is missing, after `from` up to its last one; gives what the stream has of it. */
export async function allStored(nc: NatsConnection, stream: string, boot: string, from = 0) {
  let records: StoredRecord[] = [];
  let found = account(records, boot, from);
  await eventually(
    'no record is missing',
    async () => {
      records = (await readStream(nc, stream)).filter((one) => one.boot === boot);
      found = account(records, boot, from);
      return found.missing.length === 0;
    },
    60_000,
    500,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${found.missing}`);
  });
  return { ...found, records };
}

/** One line of the outage table. */
export function tellOutage(
  what: string,
  figures: {
    records: number;
    stored: number;
    doubled: number;
    lost: number;
    rss_mb: number;
    seconds: number;
  },
): void {
  const cells = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toFixed(1))}`);
  console.log(`# ${what.padEnd(52)} ${cells.join(', ')}`);
}
