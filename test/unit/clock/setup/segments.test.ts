import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseForeignSegments } from '../../../../agent/clock/setup/segments.ts';

const head = '       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid\n';
const line = (segment: number, perms: string, uid: number, cuid = uid): string =>
  `${0x4e545030 + segment} 3 ${perms} 96 8 9 0 ${uid} 0 ${cuid} 0 1795935773 1795935775 1795935773 4096 0\n`;

test('segments for chronyd that others than root can write', () => {
  assert.deepEqual(parseForeignSegments(head + line(8, '600', 0) + line(0, '600', 0)), []);
  assert.deepEqual(
    parseForeignSegments(
      head + line(8, '600', 4222) + line(9, '666', 0) + line(10, '1600', 0, 4222) + line(11, '644', 0),
    ),
    [8, 9, 10],
  );
  assert.deepEqual(parseForeignSegments(`${head}1 2 666 9 8 7 0 1000 0 1000 0\n-5 x\n\n`), [], 'of others');
  assert.deepEqual(parseForeignSegments(''), [], 'a kernel without such segments');
});
