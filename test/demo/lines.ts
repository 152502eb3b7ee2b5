/** A message as received at the hub. */
export interface Seen {
  readonly subject: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly header: (name: string) => string;
}

/** `ops.metric.rtt.demo-01` -> `metric.rtt`, the kinds that are counted at the end. */
export const kindOf = (subject: string): string => {
  const [, family = '', which = ''] = subject.split('.');
  if (family === 'metric') return `metric.${which}`;
  return family === 'time' ? `time.${which}` : family;
};

const us = (value: unknown): string => (typeof value === 'number' ? `${Math.round(value)} µs` : '-');
const text = (value: unknown): string => (value === undefined ? '-' : String(value));
const part = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

function offset(body: Seen['body']): string {
  if (typeof body['ptp_offset_ns'] === 'number') return `PTP offset ${body['ptp_offset_ns']} ns`;
  if (typeof body['ntp_offset_ms'] === 'number') return `NTP offset ${body['ntp_offset_ms'].toFixed(3)} ms`;
  return 'no offset';
}

const micros = (ns: number): string => `${(ns / 1000).toFixed(1)} µs`;

function bound(body: Seen['body']): string {
  const { error_bound_ns: absolute, error_rel_ns: relative } = body;
  if (typeof absolute === 'number') return `error < ${micros(absolute)}`;
  return typeof relative === 'number' ? `error to the grandmaster < ${micros(relative)}` : 'no error bound';
}

/** Summary of a message of each kind, in one line. */
const summaries: Readonly<Record<string, (seen: Seen) => string>> = {
  heartbeat: ({ body, header }) =>
    `${text(body['status'])}, clock ${header('X-Clock-Source')}/${header('X-Clock-Quality')}, ` +
    `echo ${header('X-App-RTT') || '-'}, load ${header('X-CPU-Load') || '-'}, memory ${header('X-Memory-Usage') || '-'}`,
  'metric.rtt': ({ body }) =>
    `leaf ${us(body['native_rtt_us'])}, echo ${us(body['app_rtt_us'])}, hub ${us(body['hub_rtt_us'])}`,
  'metric.time': ({ body }) =>
    `${text(body['active_source'])} ${text(body['clock_quality'])}, ${offset(body)}, ${bound(body)}${body['evidence'] === undefined ? '' : `: ${text(body['evidence'])}`}`,
  'metric.system': ({ body }) =>
    `load ${text(part(body['host'])['load'])}, agent ${Math.round(Number(part(body['agent'])['rss_bytes']) / 1e6)} MB, ${text(part(body['agent'])['cpu_ms'])} ms CPU`,
  'metric.nats': ({ body }) =>
    `hub ${body['hub_up'] === true ? 'joined' : 'not joined'}, records ${text(part(body['spool'])['state'])}, ${text(part(body['spool'])['stored'])} stored, ${text(part(body['spool'])['pending'])} waiting`,
  status: ({ body }) =>
    `${text(body['event'])}: ${JSON.stringify(body['before'] ?? null)} -> ${JSON.stringify(body['after'] ?? null)}`,
  log: ({ body }) => `${text(body['comp'])}: ${text(body['msg'])} ${JSON.stringify(body['fields'] ?? {})}`,
  'time.config': ({ body }) => `mode ${text(body['mode'])}, domain ${text(body['ptp_domain'])}`,
};

/** One line for one message, cut to `width`. */
export function lineOf(seen: Seen, width: number): string {
  const kind = kindOf(seen.subject);
  const line = `${kind.padEnd(14)}${summaries[kind]?.(seen) ?? JSON.stringify(seen.body)}`;
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
