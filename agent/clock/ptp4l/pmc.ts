// The grammar of pmc's output (linuxptp pmc.c), which is the same from 3.1.1 to 4.4:
//
//   sending: GET TIME_STATUS_NP
//   \t46c098.fffe.57f671-0 seq 0 RESPONSE MANAGEMENT TIME_STATUS_NP \n
//   \t\tmaster_offset              -1614\n
//   ...

/** One message of ptp4l as pmc printed it: an answer, a refusal, or an event that was subscribed to. */
export interface PmcReply {
  /** portIdentity of the sender, e.g. `46c098.fffe.57f671-1`; port 0 is the clock itself. */
  readonly from: string;
  /** Counts the questions of this pmc, or, in an event, the events of this ptp4l. */
  readonly seq: number;
  /** `refused` is MANAGEMENT_ERROR_STATUS, which does not say what was refused. */
  readonly kind: 'response' | 'refused' | 'other';
  /** Name of the data set; empty in a refusal. */
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Cuts pmc's output into replies, however it was chunked. */
export interface ReplySplitter {
  /** Takes more output and gives the replies that are known to be whole: another line begins behind them. */
  push(chunk: string): PmcReply[];
  /** Gives the last reply too, for when pmc has fallen silent: it flushes a reply as a whole. */
  flush(): PmcReply[];
}

const header = /^\t(\S+) seq (\d{1,10}) (\S+) (\S+) ?(\S*) *$/;
const field = /^\t\t(\S+) *(.*)$/;

/** More than any reply has; what goes beyond is no reply of pmc. */
const longestLine = 4096;
const mostFields = 256;

function openReply(line: string): PmcReply & { readonly fields: Map<string, string> } {
  const [, from = '', seq = '', action, message, id = ''] = header.exec(line) ?? [];
  const response = action === 'RESPONSE' && message === 'MANAGEMENT' && id !== '';
  const refused = action === 'RESPONSE' && message === 'MANAGEMENT_ERROR_STATUS';
  return {
    from,
    seq: Number(seq),
    kind: response ? 'response' : refused ? 'refused' : 'other',
    id,
    fields: new Map(),
  };
}

/** A splitter that has seen nothing yet. Its memory is bounded, whatever it is fed. */
export function replySplitter(): ReplySplitter {
  let rest = '';
  let open: ReturnType<typeof openReply> | undefined;

  const close = (): PmcReply[] => {
    const closed = open;
    open = undefined;
    return closed === undefined ? [] : [closed];
  };
  const takeLine = (line: string): PmcReply[] => {
    if (line.startsWith('\t\t')) {
      const [, name, value] = field.exec(line) ?? [];
      if (name !== undefined && open !== undefined && open.fields.size < mostFields) {
        open.fields.set(name, (value ?? '').trimEnd());
      }
      return [];
    }
    // Anything else ends the reply before it: a header, the echo `sending:`, or noise.
    const closed = close();
    if (line.startsWith('\t')) open = openReply(line);
    return closed;
  };

  return {
    push(chunk) {
      const lines = (rest + chunk).split('\n');
      const unfinished = lines.pop() ?? '';
      rest = unfinished.length > longestLine ? '' : unfinished;
      return lines.flatMap(takeLine);
    },
    flush: () => (rest === '' ? close() : []), // in the middle of a line: more is to come
  };
}
