import { clockCaveat } from '../clock/trust.ts';
import { superviseLeaf } from '../leaf/supervisor/supervisor.ts';
import { watchTlsFiles } from '../leaf/watch/tlsfiles.ts';
import type { Ground, PlanOf } from './ground.ts';

/** A renewed certificate is in use this much later at the latest. */
const tlsFilesEvery_ms = 10_000;

/** What looks after the leaf server. */
export function leafParts({ ticker, wall, console }: Ground): PlanOf<'care' | 'tlsFiles'> {
  return {
    care: {
      needs: ['leaf', 'events', 'keeper'],
      inputs: ({ config: { hub, leaf }, leaf: info }) => [hub, leaf, info],
      start: (file, { leaf, events, keeper }) =>
        superviseLeaf(
          {
            ticker,
            log: console.log.part('care'),
            leaf,
            events,
            wall_ms: (mono_ms) => wall.toWall_us(mono_ms, ticker.now_ms()) / 1000,
            clockCaveat: () => clockCaveat(keeper.verdict().quality, wall.now_us() / 1000),
          },
          file,
        ),
    },
    tlsFiles: {
      needs: ['care'],
      inputs: ({ config: { hub, leaf } }) => [hub, leaf],
      start({ config: { hub, leaf } }, { care, events }) {
        const log = console.log.part('leaf');
        const blocks = [hub, leaf].map(({ tls_ca, tls_cert, tls_key }) => ({
          ca: tls_ca,
          cert: tls_cert,
          key: tls_key,
        }));
        return watchTlsFiles(
          {
            ticker,
            renewed(files) {
              const evidence = `${files.join(', ')} ${files.length > 1 ? 'were' : 'was'} renewed`;
              if (care.reload())
                events.tell({
                  event: 'certificate',
                  evidence: `${evidence}: used from the next connection on`,
                });
              else log.warn(`${evidence}, but no leaf server of this unit runs that could be told`);
            },
            unfit: (why) => log.warn('a changed certificate cannot be used yet', { why }),
          },
          { blocks: leaf.mode === 'managed' ? blocks : [], everyMs: tlsFilesEvery_ms },
        );
      },
    },
  };
}
