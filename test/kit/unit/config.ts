import type { FileState } from '../../../agent/config/checks/filecheck.ts';
import { parseIni } from '../../../agent/config/formats/ini.ts';
import { parseUci } from '../../../agent/config/formats/uci.ts';
import { type Loaded, type LoadInput, loadConfig } from '../../../agent/config/load.ts';
import { formatProblem } from '../../../agent/config/problem.ts';

/** A machine on which every file is there and kept private. */
const tidy = (): FileState => ({ kind: 'file', mode: 0o100600, uid: 0, gid: 0 });

const load = (raw: LoadInput['raw'], over: Partial<LoadInput>): Loaded =>
  loadConfig({
    raw,
    file: 'f',
    unit: 'unit-1',
    stat: tidy,
    readBytes: () => undefined,
    users: { self: { uid: 0, gid: 0 }, daemon: undefined },
    ...over,
  });

/** Loads UCI text as file `f` of unit `unit-1`. */
export const loadUci = (text: string, over: Partial<LoadInput> = {}): Loaded => load(parseUci(text), over);

/** The same for INI text. */
export const loadIni = (text: string, over: Partial<LoadInput> = {}): Loaded => load(parseIni(text), over);

/** The problems as a person sees them. */
export const said = (loaded: Loaded): string[] => loaded.problems.map(formatProblem);
