import type { Spawn } from '../../lib/child.ts';
import { type ServerProgram, serverProgram } from '../../natsserver/program.ts';
import { stateFiles } from '../statefiles.ts';

/** The nats-server program of the leaf, whose complaints name its config as people know it. */
export const leafProgram = (spawn: Spawn, program: string): ServerProgram =>
  serverProgram(spawn, program, stateFiles.conf);
