import { clockCaveat } from '../clock/trust.ts';
import { canStart } from '../leaf/supervisor/canstart.ts';
import { leafControl } from '../leaf/supervisor/process.ts';
import { superviseLeaf } from '../leaf/supervisor/supervisor.ts';
import { type UnusedFile, watchTlsFiles } from '../natsserver/tlsfiles.ts';
import { clockPart } from './clock.ts';
import { eventsPart } from './events.ts';
import { leafPart } from './leaf.ts';
import { part } from './part.ts';

/** A renewed certificate is in use this much later at the latest. */
const tlsFilesEvery_ms = 10_000;

/** Finds out why the hub is not joined, and does what can be done without a visit. */
export const supervisorPart = part({
  name: 'supervisor',
  needs: { leaf: leafPart, events: eventsPart },
  uses: { clock: clockPart },
  inputs: ({ config: { hub, leaf }, leaf: info }) => [hub, leaf, info],
  start: (file, { leaf, events, clock, ticker, wall, log }) =>
    superviseLeaf(
      {
        ticker,
        log: log.part('supervisor'),
        leaf,
        control: (runDir) => leafControl(ticker, runDir, file.leaf?.keep_dir),
        probe: async (...asked) => (await import('../leaf/watch/hubprobe.ts')).probeHub(...asked), // loaded in an outage
        canStart,
        events,
        wall_ms: (mono_ms) => wall.toWall_us(mono_ms, ticker.now_ms()) / 1000,
        clockCaveat: () => clockCaveat(clock().verdict().quality, wall.now_us() / 1000),
      },
      file,
    ),
});

/** Has the server read its certificates again when they were renewed. */
export const tlsFilesPart = part({
  name: 'tlsFiles',
  needs: { events: eventsPart },
  uses: { supervisor: supervisorPart },
  inputs: ({ config: { hub, leaf }, copies }) => [hub, leaf, copies],
  start({ config: { hub, leaf }, copies = {} }, { supervisor, events, ticker, ...given }) {
    const log = given.log.part('leaf');
    const blocks = [hub, leaf].map(({ tls_ca, tls_cert, tls_key }) => ({
      ca: tls_ca,
      cert: tls_cert,
      key: tls_key,
    }));
    let outdated: UnusedFile | undefined;
    const watch = watchTlsFiles(
      {
        ticker,
        renewed(files) {
          const evidence = `${files.join(', ')} ${files.length > 1 ? 'were' : 'was'} renewed`;
          const copied = files.find((file) => file in copies);
          if (copied !== undefined) {
            outdated = { file: copied, why: 'a copy of it as it was before is in use' };
            log.warn(`${evidence}, but ${outdated.why}: reload nunect`);
          } else if (supervisor().reload())
            events.publish({
              event: 'certificate',
              evidence: `${evidence}: used from the next connection on`,
            });
          else log.warn(`${evidence}, but no leaf server of this unit is running`);
        },
        unfit: (why) => log.warn('a changed certificate cannot be used yet', { why }),
      },
      {
        blocks: leaf.mode === 'managed' ? blocks : [],
        files: Object.keys(copies),
        everyMs: tlsFilesEvery_ms,
      },
    );
    return { stop: watch.stop, unused: () => watch.unused() ?? outdated };
  },
});
