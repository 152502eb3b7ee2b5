// The scripts of luci-app-nunect: rpcd is told of the plugin when it comes, and when it goes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { tempDir } from '../kit/process/daemon.ts';
import { need, projectRoot } from '../kit/process/tools.ts';

for (const name of ['postinst', 'postrm'])
  it(`${name} reloads rpcd where it runs, and does nothing to an image`, (t) => {
    const root = tempDir(t, 'luci-package');
    const [rpcd, asked] = [join(root, 'etc/init.d/rpcd'), join(root, 'asked')];
    const script = readFileSync(join(projectRoot, 'openwrt/luci-app-nunect', name), 'utf8');
    const run = (env: NodeJS.ProcessEnv): number | null =>
      spawnSync(need('busybox'), ['ash', '-c', script.replace(/(?<= )\/(?=etc\/|tmp\/)/g, `${root}/`)], {
        env,
      }).status;
    assert.equal(run({}), 0, 'there is no rpcd');
    mkdirSync(dirname(rpcd), { recursive: true });
    writeFileSync(rpcd, `#!/bin/sh\necho "$1" >>${asked}\n`, { mode: 0o755 });
    assert.equal(run({ IPKG_INSTROOT: '/image' }), 0);
    assert.equal(existsSync(asked), false);
    assert.equal(run({}), 0);
    assert.equal(readFileSync(asked, 'utf8'), 'reload\n');
  });
