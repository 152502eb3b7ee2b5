// /metrics as a real Prometheus takes it, of a real unit with all it can have; and the dashboard that goes with it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fleetQuantities } from '../../agent/hub/fleet/export/metrics.ts';
import type { StatusSnapshot } from '../../agent/status/snapshot.ts';
import { quantities } from '../../agent/status/web/quantities.ts';
import { noNetns } from '../kit/net/netns.ts';
import { newOwner } from '../kit/process/cleanup.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { reservePort } from '../kit/process/ports.ts';
import { lacking, need, projectRoot } from '../kit/process/tools.ts';
import { fullSite } from '../kit/unit/fullsite.ts';

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly expr: string }[];
}

const skip = noNetns() ?? lacking('prometheus', 'promtool');
const owner = newOwner();
const dashboard = JSON.parse(readFileSync(join(projectRoot, 'config/grafana/nunect.json'), 'utf8')) as {
  readonly panels: readonly Panel[];
};
const queries = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ title, expr })),
);

after(() => owner.end());

const rules = join(projectRoot, 'config/prometheus/nunect.rules.yml');

test('dashboard and alert rules name only quantities that there are', () => {
  const names = new Set([...quantities, ...fleetQuantities].map(({ name }) => name));
  const alerts = [
    ...readFileSync(rules, 'utf8').matchAll(/^ +expr: (?:>\n)?((?:.|\n)*?)(?=^ +(?:for|labels):)/gm),
  ];
  const asked = [...queries, ...alerts.map(([, expr = '']) => ({ title: 'alert', expr }))];
  for (const { title, expr } of asked)
    for (const [name] of expr.matchAll(/nunect_\w+/g)) assert.ok(names.has(name), `${title}: ${name}`);
  assert.ok(queries.length > 25 && alerts.length >= 12);
});

test('each alert comes for the unit that it is made for, in its time, and for no other', { skip }, () => {
  execFileSync(need('promtool'), ['check', 'rules', rules]);
  const tests = join(projectRoot, 'test/fixtures/alerts/nunect.test.yml');
  const said = execFileSync(need('promtool'), ['test', 'rules', tests], { encoding: 'utf8' });
  assert.match(said, /SUCCESS/);
  const [named, tried] = [rules, tests].map(
    (file) =>
      new Set(
        [...readFileSync(file, 'utf8').matchAll(/alert(?:name)?: (Nunect\w+)/g)].map(([, name]) => name),
      ),
  );
  assert.deepEqual(named, tried, 'no alert is left untried');
});

describe('Prometheus', { skip, concurrency: 1 }, () => {
  let url = '';
  let metrics = '';
  let target = '';

  /** The result of a query, or the error that Prometheus gives. */
  const query = async (
    expr: string,
  ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const { status, error, data } = (await response.json()) as {
      status: string;
      error?: string;
      data: { result: never[] };
    };
    assert.equal(status, 'success', `${expr}: ${error}`);
    return data.result;
  };

  before(async () => {
    const site = await fullSite(owner);
    await Promise.all([site.startNtp(true), site.startPtp()]);
    metrics = await eventually(
      'a unit of which all is known',
      async () => {
        const text = await (await fetch(`${site.unit.statusUrl}metrics`)).text();
        const wanted = [
          'ptp_path_delay_seconds',
          'ntp_stratum',
          'hub_rtt_seconds',
          'clock_offset_seconds',
          'clock_error_bound_seconds',
        ];
        // a bound of before PTP took over goes away once more, until PTP has one too
        const slave = /\nnunect_ptp_port_state\{.*state="SLAVE"\} 1\n/.test(text);
        return slave && wanted.every((name) => text.includes(`\nnunect_${name} `)) && text;
      },
      60_000,
      500,
    );
    target = new URL(site.unit.statusUrl).host;
    const dir = tempDir(owner, 'prometheus');
    const config = join(dir, 'prometheus.yml');
    const readme = readFileSync(join(projectRoot, 'config/grafana/README.md'), 'utf8');
    const example = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? '';
    writeFileSync(
      config,
      example.replace('15s', '1s\n    scrape_timeout: 1s').replace('192.168.1.1:8224', target),
    );
    const port = await reservePort();
    url = `http://127.0.0.1:${port}`;
    daemon(owner, need('prometheus'), [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    await eventually(
      'two scrapes',
      async () => {
        const found = await query('count_over_time(up{job="nunect"}[1m])').catch(() => []);
        return Number(found[0]?.value[1] ?? 0) >= 3;
      },
      90_000,
      300,
    );
  });

  test('promtool finds nothing to complain of', () => {
    const said = execFileSync(need('promtool'), ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
    assert.equal(said, '');
  });

  test('it scrapes the unit, and its values are those of status.json', async () => {
    assert.equal((await query('up'))[0]?.value[1], '1');
    const status = (await (await fetch(`http://${target}/status.json`)).json()) as StatusSnapshot;
    const [info] = await query('nunect_unit_info');
    const [build] = await query('nunect_build_info');
    assert.deepEqual(
      [info?.metric['unit'], build?.metric['version'], info?.metric['instance']],
      [status.unit, status.version, target],
    );
    const [steps] = await query('nunect_ptp_steps_removed');
    assert.equal(Number(steps?.value[1]), status.ptp?.stepsRemoved);
    const [memory] = await query('nunect_memory_total_bytes');
    assert.equal(Number(memory?.value[1]), status.system?.memory?.total_bytes);
    const [port] = await query('nunect_ptp_port_state');
    assert.equal(port?.metric['port'], status.ptp?.ports[0]?.portIdentity);
    const [stored] = await query('nunect_spool_stored_records_total');
    assert.ok(Number(stored?.value[1]) <= (status.spool?.stored ?? 0) + 30 && Number(stored?.value[1]) > 0);
    const lost = await query(
      'scrape_samples_scraped{job="nunect"} - scrape_samples_post_metric_relabeling{job="nunect"}',
    );
    assert.equal(lost[0]?.value[1], '0');
  });

  test('it understands every query of the dashboard, and has an answer where this machine has the thing', async () => {
    const empty: string[] = [];
    for (const { title, expr } of queries) {
      const found = await query(expr.replaceAll('$instance', '.+'));
      const isOfPtp = expr.startsWith('nunect_clock_error_relative'); // here NTP steers
      if (found.length === 0 && !isOfPtp) empty.push(title);
    }
    const absent = ['Clock state', 'Temperature', 'Certificates']; // no holdover, sensor, TLS
    assert.deepEqual(
      empty.filter((title) => !absent.includes(title)),
      [],
    );
  });
});
