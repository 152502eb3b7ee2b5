/** What became of each attempt with each server, for people to read. */
export interface AttackTable {
  note(attempt: string, server: string, outcome: string): void;
  text(): string;
}

/** A table with a row for each attempt, in the order of their first note. */
export function attackTable(servers: readonly string[]): AttackTable {
  const rows = new Map<string, Map<string, string>>();
  return {
    note(attempt, server, outcome) {
      const row = rows.get(attempt) ?? new Map<string, string>();
      rows.set(attempt, row.set(server, outcome));
    },
    text() {
      const lines = [
        ['attempt', ...servers],
        ['---', ...servers.map(() => '---')],
        ...[...rows].map(([attempt, row]) => [attempt, ...servers.map((server) => row.get(server) ?? '-')]),
      ];
      return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
    },
  };
}
