// Every package that the project makes. One is a plain object: what its control fields say, `files` as
// [path on the router, mode, path in the project], and where it needs them `conffiles` (a folder ends with /),
// `requireUser`, `provides`, `preinst`, `postinst`, `postrm`, `optional` (a feed does without it), `apkOnly` and `changedBy` (whose last commit gives its time; else the
// whole project's).
import { luciAppNunect } from './luciappnunect.mjs';
import { natsServer } from './natsserver.mjs';
import { nunect } from './nunect.mjs';
import { nunectNode } from './nunectnode.mjs';
import { nunectRuntime } from './nunectruntime.mjs';

export const packages = [natsServer, nunect, luciAppNunect, nunectRuntime, nunectNode];
