import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import type { Cleanup } from '../process/cleanup.ts';
import { projectRoot } from '../process/tools.ts';
import type { UbusReply } from './ucistore.ts';

/** Answers a call of ubus. */
export type Ubus = (
  object: string,
  method: string,
  args: Record<string, unknown>,
) => UbusReply | Promise<UbusReply>;

/** Where LuCI's client code comes from: a checkout of it (NUNECT_LUCI), else our stand-in of its documented API. */
export interface LuciSource {
  readonly name: string;
  /** Folders that are looked through for /luci-static/. */
  readonly roots: readonly string[];
  readonly real: boolean;
}

const ours = join(projectRoot, 'openwrt/luci-app-nunect/htdocs');

/** The stand-in always; LuCI's own code too where NUNECT_LUCI names checkouts of it (several with a colon between). */
export function luciSources(): LuciSource[] {
  const checkouts = (process.env['NUNECT_LUCI'] ?? '').split(':').filter(Boolean);
  return [
    { name: 'the stand-in', roots: [join(projectRoot, 'test/kit/openwrt/luci')], real: false },
    ...checkouts.map((path) => ({
      name: `LuCI of ${path}`,
      roots: ['modules/luci-base/htdocs', 'themes/luci-theme-bootstrap/htdocs'].map((one) => join(path, one)),
      real: true,
    })),
  ];
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.gif': 'image/gif',
  '.png': 'image/png',
};

/** What LuCI's templates header.ut and view.ut make of a view, in short. */
const page = (view: string, environment: object): string => `<!DOCTYPE html>
<html lang="en" data-darkmode="false"><head><meta charset="utf-8"><title>LuCI</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/luci-static/bootstrap/cascade.css">
<script src="/cgi-bin/luci/admin/translations/en"></script>
<script src="/luci-static/resources/cbi.js"></script></head>
<body class="lang_en"><header><a class="brand">router</a><div id="indicators" class="pull-right"></div></header>
<div id="maincontent" class="container">
<script src="/luci-static/resources/luci.js?v=test"></script>
<script>L = new LuCI(${JSON.stringify(environment)});</script>
<div id="view"><div class="spinning">Loading view…</div>
<script>L.require('ui').then(function(ui) { ui.instantiateView('${view}'); });</script></div>
</div></body></html>`;

const share = join(projectRoot, 'openwrt/luci-app-nunect/root/usr/share');
const shared = (path: string) => JSON.parse(readFileSync(join(share, path), 'utf8'));

/** Whether LuCI's dispatcher calls a view read-only for root: no permission that its menu entries name has something to write. */
function isReadonly(view: string): boolean {
  const menu = shared('luci/menu.d/luci-app-nunect.json');
  const rights = shared('rpcd/acl.d/luci-app-nunect.json');
  const entries = ['admin/services/nunect', `admin/services/${view}`];
  const needed: string[] = entries.flatMap((path) => menu[path]?.depends?.acl ?? []);
  return !needed.some((name) => rights[name]?.write !== undefined);
}

/** The objects of ubus that LuCI itself asks, as far as our views need them. */
const luciAsks: Readonly<Record<string, UbusReply>> = {
  'luci.getFeatures': [0, {}],
  'file.list': [4],
};

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: [session: string, object: string, method: string, args: Record<string, unknown>];
}

/** A web server that stands for uhttpd with rpcd behind it; gives its address. */
export async function startLuci(
  owner: Cleanup,
  source: LuciSource,
  ubus: Ubus,
  mayWrite = true,
): Promise<{ url(view: string): string; readonly calls: string[] }> {
  const calls: string[] = [];
  const answer = async ({ id, method, params }: Call): Promise<object> => {
    if (method === 'list') return { jsonrpc: '2.0', id, result: {} };
    const [, object, name, args] = params;
    calls.push(`${object}.${name}`);
    const asked = `${object}.${name}`;
    const known = asked === 'session.access' ? ([0, { access: mayWrite }] as const) : luciAsks[asked];
    const result = known ?? (await ubus(object, name, args));
    return { jsonrpc: '2.0', id, result };
  };
  const fileFor = (path: string): string | undefined =>
    [ours, ...source.roots].map((root) => join(root, path)).find((file) => existsSync(file));

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://luci');
    const send = (type: string, body: string | Buffer): void => {
      response.setHeader('content-type', type);
      response.end(body);
    };
    if (pathname.startsWith('/ubus')) {
      let text = '';
      for await (const chunk of request.setEncoding('utf8')) text += chunk;
      const asked: Call | Call[] = JSON.parse(text || '[]');
      const replies = Array.isArray(asked) ? Promise.all(asked.map(answer)) : answer(asked);
      return send('application/json', JSON.stringify(await replies));
    }
    if (pathname.startsWith('/cgi-bin/luci/view/')) {
      const view = pathname.slice('/cgi-bin/luci/view/'.length);
      const environment = {
        media: '/luci-static/bootstrap',
        resource: '/luci-static/resources',
        scriptname: '/cgi-bin/luci',
        pollinterval: 5,
        ubuspath: '/ubus/',
        sessionid: '0'.repeat(32),
        token: '0'.repeat(32),
        requestpath: [],
        dispatchpath: [],
        nodespec: { satisfied: true, readonly: isReadonly(view) },
        apply_rollback: 90,
        apply_holdoff: 1,
        apply_timeout: 5,
        apply_display: 0.1,
      };
      return send('text/html; charset=utf-8', page(view, environment));
    }
    if (pathname.startsWith('/cgi-bin/luci/admin/translations')) return send('text/javascript', '');
    if (pathname.startsWith('/cgi-bin/luci/admin/uci')) {
      calls.push(pathname.slice('/cgi-bin/luci/admin/'.length));
      return send('application/json', '{}');
    }
    const file = fileFor(pathname);
    if (file !== undefined) return send(types[extname(file)] ?? 'text/plain', readFileSync(file));
    response.statusCode = 404;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  owner.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: (view) => `http://127.0.0.1:${port}/cgi-bin/luci/view/${view}`, calls };
}
