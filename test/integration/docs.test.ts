// The config examples of docs/clock.md, given to the real daemons. None of these may touch a clock.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ptp4l } from '../kit/clock/ptp.ts';
import { withoutClock } from '../kit/clock/unsteered.ts';
import { blocksOf } from '../kit/lib/docblocks.ts';
import { netnsPair, noNetns } from '../kit/net/netns.ts';
import { undoLater } from '../kit/process/cleanup.ts';
import { daemon, eventually, tempDir } from '../kit/process/daemon.ts';
import { need } from '../kit/process/tools.ts';

const file = 'docs/clock.md';
/** A shared memory segment of our own, and the key that ntpshm gives it ("NTP0" and on). */
const segment = 77;
const shmKey = `0x${(0x4e545030 + segment).toString(16)}`;

describe('the chrony.conf examples', () => {
  for (const [index, text] of blocksOf(file, 'chrony').entries()) {
    test(`example ${index + 1} is understood by chronyd`, (t) => {
      const config = join(tempDir(t, 'docs'), 'chrony.conf');
      writeFileSync(config, text);
      // -p prints the config and ends; a line that is not understood ends it with an error
      const [program = '', ...args] = [...withoutClock(), need('chronyd'), '-p', '-f', config];
      const shown = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      for (const line of text.trim().split('\n')) assert.ok(shown.includes(line), `${line} in ${shown}`);
    });
  }
});

describe('the ptp4l.conf examples', { skip: noNetns() ?? false }, () => {
  for (const [index, text] of blocksOf(file, 'ptp4l').entries()) {
    const hardware = /time_stamping hardware/.test(text);
    test(`example ${index + 1} ${hardware ? 'asks for a card that can' : 'hears a grandmaster'}`, async (t) => {
      const [far, near] = netnsPair(t);
      const transport = /network_transport (\w+)/.exec(text)?.[1] ?? 'UDPv4';
      ptp4l(t, far, { role: 'master', extra: [`network_transport ${transport}`] });
      const dir = tempDir(t, 'docs');
      // as it stands in the docs, but for the interface, the sockets' place, and a servo that can do nothing
      const tame = ['max_frequency 1', 'step_threshold 0', 'first_step_threshold 0'];
      const sockets = [`uds_address ${dir}/ptp4l`, `uds_ro_address ${dir}/ptp4lro`];
      const release = execFileSync(need('ptp4l'), ['-v'], { encoding: 'utf8' });
      const own = [...tame, ...(Number.parseFloat(release) >= 4 ? sockets : sockets.slice(0, 1))];
      const config = text
        .replace('[global]\n', `[global]\n${own.join('\n')}\n`)
        .replace('[eth0]', `[${near.interface}]`)
        .replace('ntpshm_segment 8', `ntpshm_segment ${segment}`);
      if (text.includes('ntpshm')) undoLater(t, () => execFileSync(need('ipcrm'), ['-M', shmKey]));
      writeFileSync(join(dir, 'ptp4l.conf'), config);
      const [ip = 'ip', ...exec] = near.exec;
      const args = [...exec, ...withoutClock(), need('ptp4l'), '-m', '-q', '-f', join(dir, 'ptp4l.conf')];
      const running = daemon(t, ip, args);
      const expected = hardware ? /does not support requested timestamping mode/ : /new foreign master/;
      await eventually('it to get so far', () => expected.test(running.output()), 30_000).catch((error) => {
        throw new Error(`${error.message}\n${running.output()}`);
      });
      assert.doesNotMatch(running.output(), /pars|unknown option|out of range|invalid/i);
    });
  }
});
