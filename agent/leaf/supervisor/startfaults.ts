import type { Config } from '../../config/options.ts';
import { known } from '../../lib/known.ts';
import type { Log } from '../../lib/log.ts';
import type { Ticker } from '../../lib/ticker.ts';
import type { LeafLine } from '../watch/logline.ts';
import type { LeafControl } from './process.ts';

/**
 * What the leaf can do without and still join its hub. The first two are parts of leaf.conf, which the starter leaves out
 * by these names; `listen`: every address but loopback.
 */
export type OptionalPart = 'jetstream' | 'websocket' | 'listen';

/** Why the leaf does not start, or a part of it. */
export interface StartFault {
  /** Without it the leaf runs; undefined where it does not run at all. */
  readonly part?: OptionalPart;
  /** In the words of the server. */
  readonly why: string;
}

export interface StartFaultDeps {
  readonly ticker: Ticker;
  readonly log: Log;
  /** Whether a part seems to be able to start now. */
  canStart(part: OptionalPart, leaf: Config['leaf']): Promise<boolean>;
}

/** Keeps a leaf running without what cannot start, and brings that back when it can. */
export interface StartFaults {
  /** Takes a line of the server's log. */
  take(line: LeafLine): void;
  list(): StartFault[];
  stop(): void;
}

const firstPause_ms = 10_000;
const longestPause_ms = 3_600_000;
/** After so long with all its parts the leaf is well: the pauses begin anew. */
const settled_ms = 120_000;
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** The part that a complaint of a server that does not start is about. */
function partOf(text: string, leaf: Config['leaf']): OptionalPart | undefined {
  if (leaf.jetstream && /JetStream/.test(text)) return 'jetstream';
  if (leaf.websocket_port > 0 && /listen for websocket/.test(text)) return 'websocket';
  return !isLoopback(leaf.listen) && /^Error listening on port/.test(text) ? 'listen' : undefined;
}

/** What state/without has. */
function readParts(control: LeafControl): Map<OptionalPart, string> {
  const [names = '', ...reasons] = control.read('without')?.split('\n') ?? [];
  const parts = names.split(' ').filter((name) => name !== '') as OptionalPart[];
  return new Map(parts.map((part, at) => [part, reasons[at] ?? '']));
}

const writeParts = (control: LeafControl, parts: ReadonlyMap<OptionalPart, string>): void =>
  control.write(
    'without',
    parts.size === 0 ? undefined : [[...parts.keys()].join(' '), ...parts.values()].join('\n'),
  );

/** Why a server that is being started anew failed before is told until it is ready, unless it has left that part out. */
function faultsIn(control: LeafControl, failure: StartFault | undefined): StartFault[] {
  const reasons = readParts(control);
  const without = (control.process()?.without ?? []) as OptionalPart[];
  const isOutlived = failure?.part !== undefined && without.includes(failure.part);
  return [
    ...(failure === undefined || isOutlived ? [] : [{ why: failure.why }]),
    ...without.map((part) => ({ part, why: reasons.get(part) ?? 'it did not start' })),
  ];
}

/** Starts to look after the leaf of `control`, with what state/without says of it. */
export function startFaults(
  { ticker, log, canStart }: StartFaultDeps,
  leaf: Config['leaf'],
  control: LeafControl,
): StartFaults {
  let failure: StartFault | undefined;
  let pause_ms = firstPause_ms;
  let due_ms = 0;
  let isStopped = false;
  let lacking_ms = ticker.now_ms(); // when it lacked a part last

  function failed(why: string): void {
    due_ms = Math.max(due_ms, ticker.now_ms() + pause_ms);
    const parts = readParts(control);
    const part = partOf(why, leaf);
    failure = { why, ...known({ part }) };
    if (part === undefined || parts.has(part)) return;
    writeParts(control, parts.set(part, why));
    log.warn('the leaf is started without a part of it', { part, why });
  }

  async function retry(): Promise<void> {
    const parts = readParts(control);
    const now_ms = ticker.now_ms();
    if (parts.size > 0) lacking_ms = now_ms;
    else if (now_ms - lacking_ms >= settled_ms) pause_ms = firstPause_ms;
    if (parts.size === 0 || now_ms < due_ms) return;
    due_ms = now_ms + pause_ms;
    const tried = await Promise.all(
      [...parts.keys()].map(async (part) => ((await canStart(part, leaf)) ? [part] : [])),
    );
    const able = tried.flat();
    if (isStopped || able.length === 0) return;
    const left = readParts(control); // another part may have failed meanwhile
    for (const part of able) left.delete(part);
    pause_ms = Math.min(longestPause_ms, pause_ms * 2); // a restart costs the link, and may be in vain
    due_ms = ticker.now_ms() + pause_ms;
    log.info('the leaf is restarted with what can start again', { parts: able.join(' ') });
    writeParts(control, left);
    control.end();
  }

  const cancel = ticker.every(firstPause_ms / 2, () => void retry());
  return {
    take({ start, text }) {
      if (start === 'ready') failure = undefined;
      else if (start === 'failed') failed(text);
    },
    list: () => faultsIn(control, failure),
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
