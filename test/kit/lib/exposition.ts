import assert from 'node:assert/strict';

/** A quantity and its series. */
export interface Family {
  readonly type: string;
  readonly samples: { readonly labels: string; readonly value: number }[];
}

/** Reads the text format by its grammar, and fails on whatever Prometheus would refuse. */
export function parseExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'));
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let help: string | undefined;
  let current: { readonly name: string; readonly family: Family } | undefined;
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      help = comment[2] ?? '';
      assert.ok(!families.has(help), `${help} stands twice`);
    } else if (comment !== null) {
      const [, , name = '', type = ''] = comment;
      assert.equal(name, help, 'TYPE follows its HELP');
      current = { name, family: { type, samples: [] } };
      families.set(name, current.family);
    } else {
      const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/.exec(
        line,
      );
      assert.ok(sample, `not a sample: ${line}`);
      const [, name, labels = '', value] = sample;
      assert.equal(name, current?.name);
      assert.ok(Number.isFinite(Number(value)), line);
      assert.ok(!seen.has(`${name} ${labels}`), `twice: ${line}`);
      seen.add(`${name} ${labels}`);
      current?.family.samples.push({ labels, value: Number(value) });
    }
  }
  return families;
}
