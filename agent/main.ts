import { runProcess } from './cli/process.ts';
import { nunect } from './commands.ts';

runProcess(nunect);
