import type { Link } from '../nats/link.ts';
import { type ServiceVerb, type Subjects, serviceName } from '../wire/subjects.ts';
import { anyMatches, encodeRecord } from '../wire/values.ts';

/** Counters of one endpoint, as STATS tells them. */
export interface EndpointCounters {
  readonly requests: number;
  readonly errors: number;
  readonly last_error?: string;
  readonly processing_ns: number;
}

export interface ServiceDeps {
  readonly link: Pick<Link, 'publish' | 'subscribe'>;
  counters(): EndpointCounters;
  /** Unix ms at which the agent started, by what is known of the clock now. */
  started_ms(): number;
}

export interface ServiceOptions {
  readonly unit: string;
  readonly version: string;
  readonly subjects: Subjects;
  readonly metadata: Readonly<Record<string, string>>;
  readonly replySubjects: readonly string[];
}

/** ADR-32 demands semver; anything else makes `nats micro` drop the answer. */
const semver = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** Answers PING, INFO and STATS of NATS micro services (ADR-32). Returns its end. */
export function answerService(deps: ServiceDeps, opts: ServiceOptions): () => void {
  const identity = {
    name: serviceName,
    id: opts.unit,
    version: semver.test(opts.version) ? opts.version : '0.0.0',
    metadata: opts.metadata,
  };
  const endpoint = { name: 'echo', subject: opts.subjects.echo, queue_group: '' };
  const replies: Record<ServiceVerb, () => object> = {
    PING: () => ({ type: 'io.nats.micro.v1.ping_response', ...identity }),
    INFO: () => ({
      type: 'io.nats.micro.v1.info_response',
      ...identity,
      description: 'nunect leaf agent',
      endpoints: [{ ...endpoint, metadata: {} }],
    }),
    STATS: () => {
      const { requests, errors, last_error, processing_ns } = deps.counters();
      return {
        type: 'io.nats.micro.v1.stats_response',
        ...identity,
        started: new Date(deps.started_ms()).toISOString(),
        endpoints: [
          {
            ...endpoint,
            num_requests: requests,
            num_errors: errors,
            last_error: last_error ?? '',
            processing_time: processing_ns,
            average_processing_time: requests === 0 ? 0 : Math.round(processing_ns / requests),
          },
        ],
      };
    },
  };
  const isAllowed = anyMatches(opts.replySubjects);
  const ends = opts.subjects.service.map(({ subject, verb }) =>
    deps.link.subscribe(subject, ({ reply }) => {
      if (isAllowed(reply)) deps.link.publish(reply, encodeRecord(replies[verb]()));
    }),
  );
  return () => {
    for (const end of ends) end();
  };
}
