import type { RunningParts } from './lib/parts.ts';
import type { Ticker } from './lib/ticker.ts';
import { answersPart } from './parts/answers.ts';
import { changesPart } from './parts/changes.ts';
import { clockPart, ordersPart } from './parts/clock.ts';
import { enrolPart } from './parts/enrol.ts';
import { eventsPart, recorderPart } from './parts/events.ts';
import { clientsPart, leafPart, linkBytesPart } from './parts/leaf.ts';
import { echoPart, linkPart, monitorPart } from './parts/link.ts';
import type { AgentContext, AgentInput } from './parts/part.ts';
import { publisherPart } from './parts/publisher.ts';
import { rttPart } from './parts/rtt.ts';
import { spoolPart } from './parts/spool.ts';
import { spoolSnapshotPart } from './parts/spoolsnapshot.ts';
import { supervisorPart, tlsFilesPart } from './parts/supervisor.ts';
import { devicePart, surveyPart } from './parts/survey.ts';
import { webPart } from './parts/web.ts';
import { whenReady } from './ready.ts';

/** Every part of the agent. Each is started behind those that it needs, whatever the order here. */
export const allParts = [
  linkPart,
  echoPart,
  clockPart,
  ordersPart,
  monitorPart,
  leafPart,
  clientsPart,
  linkBytesPart,
  spoolPart,
  spoolSnapshotPart,
  rttPart,
  devicePart,
  recorderPart,
  eventsPart,
  supervisorPart,
  enrolPart,
  surveyPart,
  answersPart,
  changesPart,
  publisherPart,
  webPart,
  tlsFilesPart,
];

type Running = RunningParts<AgentInput, AgentContext>;

/** Resolves true once the unit does its job; false when it is stopped before. */
export const unitReady = (parts: Running, ticker: Ticker, signal: AbortSignal): Promise<boolean> =>
  whenReady(
    {
      link: () => parts.get(linkPart),
      leaf: () => parts.get(leafPart),
      isMonitored: () => parts.get(monitorPart).link !== undefined,
    },
    ticker,
    signal,
  );

/** How long records may take to leave at a stop. */
const drainMs = 400;

/** Publishes a last heartbeat, sends what can still be sent, and stops all parts. */
export async function stopUnit(parts: Running): Promise<void> {
  parts.get(recorderPart).finish();
  await parts.get(publisherPart).publishLast();
  await parts.get(spoolPart).drained(drainMs);
  await parts.stop();
}
