import { hostname, networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import type { AgentFile } from '../config/agentfile.ts';
import { canOpenFiles } from '../device/freefiles.ts';
import { stateFiles } from '../leaf/statefiles.ts';
import { shared } from '../lib/shared.ts';
import type { FlightRecorder } from '../status/flightrecorder.ts';
import type { PageData } from '../status/page/page.ts';
import { toSnapshot } from '../status/tosnapshot.ts';
import { keepServing } from '../status/web/serving.ts';
import { recorderPart } from './events.ts';
import { nameIn, part } from './part.ts';
import { surveyPart } from './survey.ts';

/** However many look at the page, the unit is looked at this often. */
const share_ms = 1000;

/** A name of the device, as it is asked for with the usual domains of local networks, too. */
const namesOf = (name: string): string[] => [name, `${name}.lan`, `${name}.local`];

const servingOptions = ({ config: { agent, status } }: AgentFile, stateDir: string) => ({
  ...status,
  hosts: [...namesOf(hostname()), ...namesOf(agent.unit), ...status.host],
  socket: join(stateDir, basename(stateFiles.statusSocket)),
});

/** What the curves of the page are drawn of. */
const historyOf = ({ column, sources, day }: FlightRecorder, now_ms: number): Omit<PageData, 'snapshot'> => ({
  history: {
    now_ms,
    mono_ms: column('mono_ms'),
    offset_ns: column('offset_ns'),
    hub_rtt_us: column('hub_rtt_us'),
    source: sources(),
  },
  day: {
    now_ms,
    mono_ms: day.column('mono_ms'),
    low: day.column('offset_min_ns'),
    middle: day.column('offset_median_ns'),
    high: day.column('offset_max_ns'),
  },
});

/** The status page, /metrics, and the socket that `nunect status` asks. */
export const webPart = part({
  name: 'web',
  needs: { recorder: recorderPart },
  uses: { survey: surveyPart },
  inputs: (file) => file,
  start(first, { recorder, survey, ticker, stateDir, log }, signal) {
    let file: AgentFile = first;
    const serving = keepServing(
      {
        snapshot: shared(
          async () => toSnapshot(await survey().look(), nameIn(file)),
          ticker.now_ms,
          share_ms,
        ),
        history: () => historyOf(recorder, ticker.now_ms()),
        recorded: () => ({ unit: file.config.agent.unit, ...recorder.table() }),
        recordedDay: () => ({ unit: file.config.agent.unit, ...recorder.day.table() }),
        ticker,
        log: log.part('status'),
        interfaces: networkInterfaces,
        canOpenFiles,
      },
      servingOptions(file, stateDir),
      signal,
    );
    return {
      configure(next: AgentFile) {
        file = next;
        serving.configure(servingOptions(next, stateDir));
      },
      stop: serving.stop,
    };
  },
  adapt: (web, file) => web.configure(file),
});
