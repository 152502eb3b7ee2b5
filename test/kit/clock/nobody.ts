// Run by root, it becomes an unprivileged user: what do the probes see then?
// Arguments: socket of ptp4l, port of chronyd, run directory.

import { newOwner } from '../../kit/process/cleanup.ts';
import { realChronyWatch, realPtpWatch } from './clockwatch.ts';

const nobody = 65534;
process.setgroups?.([]);
process.setgid?.(nobody);
process.setuid?.(nobody);

const [socket = '', port = '', stateDir = ''] = process.argv.slice(2);
const owner = newOwner();
const ptp = realPtpWatch(owner, { sockets: [socket], stateDir });
const ntp = realChronyWatch(owner, { chrony_port: Number(port) });
setTimeout(() => {
  const [p, n] = [ptp.read(), ntp.read()];
  const said = { ptp: p.kind === 'absent' ? p.why : p.kind, ntp: n.kind === 'absent' ? n.why : n.kind };
  process.stdout.write(JSON.stringify(said));
  void owner.end();
}, 1500);
