import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAllowed, type Users } from '../../../../agent/config/checks/access.ts';
import { findAccount } from '../../../../agent/config/checks/accounts.ts';
import { checkConfigFile, type FileState, type Stat } from '../../../../agent/config/checks/filecheck.ts';
import { loadUci, said } from '../../../kit/unit/config.ts';

const nunect = { name: 'nunect', uid: 4222, gids: [4222] };
const users: Users = { self: { uid: 0, gid: 0 }, daemon: nunect };
const file = (mode: number, uid = 0, gid = 0): FileState => ({
  kind: 'file',
  mode: 0o100000 | mode,
  uid,
  gid,
});
const folder = (mode: number, uid = 0, gid = 0): FileState => ({ kind: 'folder', mode, uid, gid });

/** A machine with these paths; every other one is a directory that anybody may pass. */
const machine =
  (states: Readonly<Record<string, FileState>>): Stat =>
  (path) =>
    states[path] ?? folder(0o755);
const hub = 'config hub\n list url tls://h\n option tls_cert /e/c.pem\n option user u\n';
const found = (options: string, states: Readonly<Record<string, FileState>>, who = users): string[] =>
  said(loadUci(hub + options, { stat: machine({ '/e/c.pem': file(0o644), ...states }), users: who }));

const key = ' option password x\n option tls_key /e/k.pem\n';
const secret = ' option password_file /e/pw\n option tls_key /e/k.pem\n';
const goodKey = { '/e/k.pem': file(0o640, 0, 4222) };
const keyMended = 'chown root:nunect /e/k.pem && chmod 640 /e/k.pem';

test('what root alone reads is 0600, what the daemons read 0640 root:nunect or their own', () => {
  assert.deepEqual(found(secret, { ...goodKey, '/e/pw': file(0o600) }), []);
  assert.deepEqual(found(secret, { ...goodKey, '/e/pw': file(0o400) }), []);
  assert.deepEqual(found(key, { '/e/k.pem': file(0o440, 0, 4222) }), []);
  assert.deepEqual(found(key, { '/e/k.pem': file(0o600, 4222, 4222) }), []);
});

for (const [name, mode, owner, problem] of [
  [
    'everybody reads',
    0o604,
    [0, 0],
    'readable by everybody (mode 0604, owner root, group root): chmod 600 /e/pw',
  ],
  [
    'everybody writes',
    0o602,
    [0, 0],
    'writable by everybody (mode 0602, owner root, group root): chmod 600 /e/pw',
  ],
  [
    'a group reads',
    0o640,
    [0, 20],
    'readable by its group (mode 0640, owner root, group 20): chmod 600 /e/pw',
  ],
  [
    'the daemons need not read',
    0o640,
    [0, 4222],
    'readable by its group (mode 0640, owner root, group nunect): chmod 600 /e/pw',
  ],
  [
    'all is open',
    0o666,
    [0, 0],
    'readable by everybody, writable by everybody (mode 0666, owner root, group root): chmod 600 /e/pw',
  ],
  [
    'a stranger owns',
    0o600,
    [1000, 1000],
    'owned by another user (mode 0600, owner 1000, group 1000): chown root /e/pw && chmod 600 /e/pw',
  ],
] as const) {
  test(`a password file that ${name} is a warning with its mode and what mends it`, () => {
    assert.deepEqual(found(secret, { ...goodKey, '/e/pw': file(mode, ...owner) }), [
      `f:5: warning: hub.password_file '/e/pw': ${problem}`,
    ]);
  });
}

test('a key that the group of the daemons may write is too wide as well', () => {
  assert.deepEqual(found(key, { '/e/k.pem': file(0o660, 0, 4222) }), [
    `f:6: warning: hub.tls_key '/e/k.pem': writable by its group (mode 0660, owner root, group nunect): ${keyMended}`,
  ]);
});

test('a key that root reads and the daemons cannot is an error, which nats-server -t as root does not see', () => {
  assert.deepEqual(found(key, { '/e/k.pem': file(0o600) }), [
    `f:6: hub.tls_key '/e/k.pem': user nunect cannot read it (mode 0600, owner root, group root): ${keyMended}`,
  ]);
  assert.deepEqual(found(key, { ...goodKey, '/e/c.pem': file(0o600) }), [
    "f:3: hub.tls_cert '/e/c.pem': user nunect cannot read it (mode 0600, owner root, group root): chmod o+r /e/c.pem",
  ]);
  assert.deepEqual(
    found(`${key}config leaf\n option mode external\n`, { '/e/k.pem': file(0o600) }),
    [
      'f:4: warning: hub.user: is not used with leaf.mode external: that server has its own config',
      'f:3: warning: hub.tls_cert: is not used with leaf.mode external: that server has its own config',
    ].sort(),
  );
});

test('creds are read by the local server; without one they are handed over by root', () => {
  const creds = ' option creds_file /e/u.creds\n';
  const withoutUser = hub.replace(' option user u\n', '');
  const say = (more: string): string[] =>
    said(
      loadUci(withoutUser.replace(' option tls_cert /e/c.pem\n', '') + creds + more, {
        stat: machine({ '/e/u.creds': file(0o600) }),
        users,
      }),
    );
  assert.match(say('')[0] ?? '', /hub\.creds_file '\/e\/u\.creds': user nunect cannot read it/);
  assert.deepEqual(say('config leaf\n option mode off\n'), []);
});

test('every directory on the way must let the daemons pass, also where a link leads', () => {
  const shut = (path: string): string =>
    `f:6: hub.tls_key '/e/k.pem': user nunect cannot pass the directory ${path} on the way to it (mode 0700, owner root, group root): chgrp nunect ${path} && chmod g+x ${path}`;
  assert.deepEqual(
    found(key, { '/e/k.pem': { ...file(0o640, 0, 4222), real: '/s/k' } as FileState, '/s': folder(0o700) }),
    [shut('/s')],
  );
  const both = found(key, { ...goodKey, '/e': folder(0o700) });
  assert.equal(both.at(-1), shut('/e'));
  assert.deepEqual(found(key, { ...goodKey, '/e': folder(0o710, 0, 4222) }), []);
});

test('the first class of rights that fits decides, as in the kernel', () => {
  const may = (mode: number, uid: number, gid: number): boolean => isAllowed(nunect, 4, { mode, uid, gid });
  assert.equal(may(0o044, 4222, 4222), false, 'the owner is no other');
  assert.equal(may(0o404, 0, 4222), false, 'nor is the group');
  assert.equal(may(0o004, 0, 0), true);
  assert.equal(isAllowed({ name: 'root', uid: 0, gids: [0] }, 4, { mode: 0, uid: 1, gid: 1 }), true);
});

test('without an account for the daemons nothing can be said of what they read', () => {
  assert.deepEqual(found(key, { '/e/k.pem': file(0o600) }, { ...users, daemon: undefined }), []);
});

test('an account has its own group and those that list it', () => {
  const passwd = 'root:x:0:0:root:/root:/bin/ash\nnunect:x:4222:4222:nunect:/var/run/nunect:/bin/false\n';
  const group = 'root:x:0:\nptp:x:33:chrony,nunect\nnunect:x:4222:\n';
  assert.deepEqual(findAccount('nunect', passwd, group), { name: 'nunect', uid: 4222, gids: [4222, 33] });
  assert.equal(findAccount('nobody', passwd, group), undefined);
  assert.equal(findAccount('bad', 'bad:x::4:', ''), undefined);
});

test('the config itself may be 0640, or anything to read when it has no secrets, but nobody else writes it', () => {
  const say = (hasSecrets: boolean, state: FileState): string | undefined =>
    checkConfigFile('/etc/config/nunect', hasSecrets, state, users)[0]?.message;
  for (const good of [file(0o600), file(0o640), file(0o640, 0, 4222)])
    assert.equal(say(true, good), undefined);
  assert.equal(say(false, file(0o644)), undefined);
  assert.equal(
    say(true, file(0o644)),
    'has secrets in it and is readable by everybody (mode 0644, owner root, group root): chmod 600 /etc/config/nunect',
  );
  assert.match(say(true, file(0o640, 0, 20)) ?? '', /readable by its group .* group 20/);
  assert.match(say(false, file(0o646)) ?? '', /^is writable by everybody/);
  assert.match(say(false, file(0o664, 0, 20)) ?? '', /^is writable by its group/);
  assert.match(say(false, file(0o600, 1000)) ?? '', /owned by another user .*chown root/);
  assert.equal(say(true, { kind: 'unknown' }), undefined);
});

test('a command names any path as a shell takes it', () => {
  const odd = "/e/it's mine";
  const text = `config hub\n list url tls://h\n option user u\n option password_file "${odd}"\n`;
  const stat = machine({ [odd]: file(0o644) });
  assert.match(said(loadUci(text, { stat, users }))[0] ?? '', /chmod 600 '\/e\/it'\\''s mine'$/);
});
