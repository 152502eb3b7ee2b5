import { certProbe } from '../device/certs.ts';
import { selfProbe } from '../device/self.ts';
import { storagePaths } from '../device/storage.ts';
import { systemProbe } from '../device/system.ts';
import { survey } from '../status/survey.ts';
import { clockPart, ordersPart } from './clock.ts';
import { enrolPart } from './enrol.ts';
import { eventsPart } from './events.ts';
import { clientsPart, leafPart, linkBytesPart } from './leaf.ts';
import { linkPart } from './link.ts';
import { type AgentInput, part } from './part.ts';
import { rttPart } from './rtt.ts';
import { spoolPart } from './spool.ts';
import { spoolSnapshotPart } from './spoolsnapshot.ts';
import { supervisorPart, tlsFilesPart } from './supervisor.ts';

/** Probes of the device, of the agent's own cost, and of certificates. */
export const devicePart = part({
  name: 'device',
  inputs: () => [],
  start: (_file, { ticker, wall, childrenStarted }) => ({
    system: systemProbe(storagePaths),
    self: selfProbe({ now_ms: ticker.now_ms, childrenStarted }),
    certs: certProbe({ wall_ms: () => wall.now_us() / 1000 }),
    stop: () => {},
  }),
});

/** Gathers the state of the unit from all parts that know something of it, for all that publish, answer or show it. */
export const surveyPart = part({
  name: 'survey',
  uses: {
    clock: clockPart,
    orders: ordersPart,
    link: linkPart,
    leaf: leafPart,
    spool: spoolPart,
    spoolSnapshot: spoolSnapshotPart,
    rtt: rttPart,
    device: devicePart,
    supervisor: supervisorPart,
    tlsFiles: tlsFilesPart,
    clients: clientsPart,
    linkBytes: linkBytesPart,
    events: eventsPart,
    enrol: enrolPart,
  },
  inputs: (file) => file,
  start(first, { ticker, wall, started_ms, ...parts }) {
    let file: AgentInput = first;
    return {
      look: () =>
        survey(
          {
            clock: parts.clock(),
            orders: parts.orders(),
            link: parts.link(),
            leaf: parts.leaf(),
            spool: parts.spool(),
            spoolSnapshot: parts.spoolSnapshot(),
            rtt: parts.rtt(),
            supervisor: parts.supervisor(),
            tlsFiles: parts.tlsFiles(),
            clients: parts.clients(),
            linkBytes: parts.linkBytes(),
            events: parts.events(),
            enrol: parts.enrol(),
            ...parts.device(),
          },
          { ticker, wall, started_ms },
          file,
        ),
      configure(next: AgentInput) {
        file = next;
      },
      stop: () => {},
    };
  },
  adapt: (running, file) => running.configure(file),
});
