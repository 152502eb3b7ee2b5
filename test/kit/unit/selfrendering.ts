import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keepLeaf } from '../leaf/leafkeeper.ts';
import type { Cleanup } from '../process/cleanup.ts';
import { daemon, eventually, tempDir } from '../process/daemon.ts';
import { reservePort } from '../process/ports.ts';
import { natsServers, runtime } from '../process/tools.ts';
import { bundle } from './site.ts';

/** A unit that renders its config itself, and whose leaf is started again whenever it ends; both log all. */
export async function selfRendering(
  owner: Cleanup,
  uci: string,
  { program = natsServers().newest ?? '', mode = 'managed' } = {},
) {
  const dir = tempDir(owner, 'unit');
  const [port, status, chrony] = [await reservePort(), await reservePort(), await reservePort()];
  const config = join(dir, 'nunect');
  const write = (more: string): void =>
    writeFileSync(
      config,
      `config agent 'agent'
	option host 'bare'
	option interval_s '1'
	option traffic 'lan'
	option log_level 'debug'
	option log_publish 'debug'
config leaf 'leaf'
	option server '${program}'
	option mode '${mode}'
	option log_debug '1'
	option port '${port}'
config status 'status'
	option port '${status}'
config time 'time'
	option chrony_port '${chrony}'
	list ptp_socket '${dir}/none'
${more}`,
      { mode: 0o600 },
    );
  write(uci);
  const out = join(dir, 'run');
  const keep = join(dir, 'keep');
  const agent = daemon(owner, runtime(), [bundle, 'run', '--config', config, '--dir', out, '--keep', keep]);
  if (mode === 'managed') {
    await eventually('leaf.conf', () => existsSync(join(out, 'leaf.conf')));
    await keepLeaf(owner, out, program);
  }
  return {
    page: async (path: string) => (await fetch(`http://127.0.0.1:${status}/${path}`)).text(),
    dir,
    keep,
    write,
    agent: () => agent,
    status: async () =>
      (await (await fetch(`http://127.0.0.1:${status}/status.json`)).json()) as Record<string, never>,
  };
}
