import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renewTemplate, roleTag, tokenTemplate, unitTemplate } from '../../../../agent/hub/kit/templates.ts';
import { projectRoot } from '../../../kit/process/tools.ts';

/** What a unit of config/hub/hub.conf may do, as its text says. */
function exampleUnit(): { publish: string[]; subscribe: string[] } {
  const conf = readFileSync(join(projectRoot, 'config/hub/hub.conf'), 'utf8');
  const [user = ''] = /\{ user: "demo-01"[\s\S]*?\n {6}\}/.exec(conf) ?? [];
  const [publish = '', subscribe = ''] = user.split('subscribe: [');
  const subjects = (text: string): string[] =>
    [...text.matchAll(/"((?:ops|_INBOX|\$SRV)[^"]*)"/g)].map(([, one = '']) =>
      one.replace('.leaf.', '.voice.'),
    );
  return { publish: subjects(publish), subscribe: subjects(subscribe) };
}

const expanded = (subjects: readonly string[]): string[] =>
  subjects.map((one) =>
    one
      .replaceAll('{{name()}}', 'demo-01')
      .replaceAll('{{tag(role)}}', 'voice')
      .replaceAll('{{subject()}}', 'UKEY'),
  );

test('a unit with a JWT may do what the unit of the example hub may, ask any peer, and renew', () => {
  const example = exampleUnit();
  assert.deepEqual(
    expanded(unitTemplate.publish).sort(),
    [
      ...example.publish.filter((subject) => subject !== 'ops.echo.demo-02'),
      'ops.echo.*',
      '_INBOX_demo-01.>',
      'ops.enrol.UKEY',
    ].sort(),
  );
  assert.deepEqual(
    expanded(unitTemplate.subscribe).sort(),
    [...example.subscribe, 'ops.enrolled.UKEY'].sort(),
  );
});

test('no subject has a wildcard in the middle, which would hide units from subscribers', () => {
  for (const template of [unitTemplate, tokenTemplate, renewTemplate])
    for (const subject of [...template.publish, ...template.subscribe]) assert.doesNotMatch(subject, /[*>]./);
});

test('a token may ask with its own id and nothing else; a unit whose JWT ran out with its key', () => {
  assert.deepEqual(tokenTemplate.publish, ['ops.enrol.{{name()}}']);
  assert.deepEqual(tokenTemplate.subscribe, ['_INBOX_{{name()}}.>', 'ops.enrolled.*']);
  assert.deepEqual(renewTemplate.publish, ['ops.enrol.{{name()}}']);
  assert.deepEqual(renewTemplate.subscribe, ['_INBOX_{{name()}}.>', 'ops.enrolled.{{name()}}']);
  for (const { by, payload, subs } of [tokenTemplate, renewTemplate]) {
    assert.deepEqual(by, ['STANDARD', 'WEBSOCKET']);
    assert.ok(payload > 0 && payload <= 16 * 1024);
    assert.ok(subs > 0);
  }
});

test('the role is a tag', () => {
  assert.equal(roleTag('leaf'), 'role:leaf');
});
