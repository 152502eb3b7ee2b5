import { runProcess } from '../cli/process.ts';
import { nunectHub } from './commands.ts';

runProcess(nunectHub);
