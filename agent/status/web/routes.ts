import { messageOf } from '../../lib/errors.ts';
import { prettyNs, visible } from '../../lib/format.ts';
import type { Log } from '../../lib/log.ts';
import { jsonReply as json, type Reply, type Routes, textReply } from '../../web/reply.ts';
import type { PageData } from '../page/page.ts';
import type { StatusSnapshot } from '../snapshot.ts';

export interface RouteDeps {
  /** The state right now; asked once a request. What is made of one and the same object is made once. */
  snapshot(): StatusSnapshot | Promise<StatusSnapshot>;
  /** The last quarter of an hour, and the last day. */
  history(): Omit<PageData, 'snapshot'>;
  /** What the flight recorder holds, made only when it is asked for. Without it there is no such page. */
  recorded?(): object;
  /** The last day, minute by minute. */
  recordedDay?(): object;
  readonly log: Log;
}

/** Like metrics and chart it is loaded when somebody looks. */
const pageParts = () => import('../page/page.ts');
type PageParts = Awaited<ReturnType<typeof pageParts>>;

const html = (body: string, { pagePolicy }: PageParts): Reply => ({
  status: 200,
  type: 'text/html; charset=utf-8',
  body,
  policy: pagePolicy,
});

/** The state, and a line for each finding, with what mends it below. */
const health = ({ status, troubles }: StatusSnapshot): Reply => {
  const lines = troubles.map(
    ({ weight, text, remedy }) => `${weight}: ${visible(text)}\n  ${visible(remedy)}`,
  );
  return textReply(status === 'critical' ? 503 : 200, [status, ...lines].join('\n'));
};
const metrics = async (snapshot: StatusSnapshot): Promise<Reply> => ({
  status: 200,
  type: 'text/plain; version=0.0.4; charset=utf-8',
  body: (await import('./metrics.ts')).formatMetrics(snapshot),
});

/** The pages that there are: `/`, `/now`, `/status.json`, `/recorder.json`, `/day.json`, `/curve.svg`, `/healthz` and `/metrics`. */
export function statusRoutes(deps: RouteDeps, opts: { readonly metrics: boolean }): Routes {
  const { log, recorded, recordedDay, history } = deps;
  let failing = false;

  /** All viewers of one snapshot get the same bytes. */
  const shown = (show: (snapshot: StatusSnapshot) => Reply | Promise<Reply>): (() => Promise<Reply>) => {
    let latest: { readonly of: StatusSnapshot; readonly reply: Reply } | undefined;
    return async () => {
      const of = await deps.snapshot();
      if (latest?.of !== of) latest = { of, reply: await show(of) };
      return latest.reply;
    };
  };
  const page = (render: (parts: PageParts) => PageParts['renderPage']): (() => Promise<Reply>) =>
    shown(async (snapshot) => {
      const parts = await pageParts();
      return html(render(parts)({ snapshot, ...history() }), parts);
    });
  const routes = new Map<string, () => Promise<Reply>>([
    ['/', page(({ renderPage }) => renderPage)],
    ['/now', page(({ renderNow }) => renderNow)],
    ['/status.json', shown(json)],
    ['/healthz', shown(health)],
    [
      '/curve.svg',
      async () => {
        const { clockImage } = await import('../page/chart.ts');
        return { status: 200, type: 'image/svg+xml', body: clockImage(prettyNs, history().history) };
      },
    ],
  ]);
  if (opts.metrics) routes.set('/metrics', shown(metrics));
  if (recorded !== undefined) routes.set('/recorder.json', async () => json(recorded()));
  if (recordedDay !== undefined) routes.set('/day.json', async () => json(recordedDay()));

  const produce = async (route: () => Promise<Reply>): Promise<Reply> => {
    try {
      const reply = await route();
      failing = false;
      return reply;
    } catch (error) {
      if (!failing) log.error('the status cannot be shown', { error: messageOf(error) });
      failing = true;
      return textReply(500, 'the status cannot be shown');
    }
  };

  return ({ path }) => {
    const route = routes.get(path);
    return route && produce(route);
  };
}
