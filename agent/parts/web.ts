import { hostname, networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import type { AgentFile } from '../config/agentfile.ts';
import { canOpenFiles } from '../device/freefiles.ts';
import { stateFiles } from '../leaf/statefiles.ts';
import { shared } from '../lib/shared.ts';
import { toSnapshot } from '../status/tosnapshot.ts';
import { keepServing } from '../status/web/serving.ts';
import { nameIn, part } from './part.ts';
import { recorderPart } from './recorder.ts';
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

/** The status page, /metrics, and the socket that `nunect status` asks. */
export const webPart = part({
  name: 'web',
  needs: { recorder: recorderPart },
  uses: { survey: surveyPart },
  inputs: (file) => file,
  start(first, { recorder, survey, ticker, stateDir, log }, signal) {
    let file: AgentFile = first;
    const { column } = recorder;
    const serving = keepServing(
      {
        snapshot: shared(
          async () => toSnapshot(await survey().look(), nameIn(file)),
          ticker.now_ms,
          share_ms,
        ),
        history: () => ({
          now_ms: ticker.now_ms(),
          mono_ms: column('mono_ms'),
          offset_ns: column('offset_ns'),
          error_bound_ns: column('error_bound_ns'),
          error_rel_ns: column('error_rel_ns'),
          hub_rtt_us: column('hub_rtt_us'),
        }),
        recorded: () => ({ unit: file.config.agent.unit, ...recorder.table() }),
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
