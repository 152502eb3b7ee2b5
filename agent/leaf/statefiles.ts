// The files of the run directory (/var/run/nunect) through which render, agent, nats-server and the shell scripts agree
// on which hub settings the leaf runs:
//   1. render writes leaf.conf by the config, and leaf.fallback.conf with the hub part of hub.good where that is another;
//   2. the starter script runs leaf.conf, or leaf.fallback.conf while state/fallback names the hub part of leaf.conf,
//      and writes to state/running which of them it took;
//   3. the supervisor writes state/joined when the hub is joined. When it is not within leaf.confirm_s it writes
//      state/fallback and ends the server, which is then started with the last good hub settings (a roll-back);
//   4. the next render copies a hub part that state/joined names to hub.good. As there may be none before a reboot, it
//      keeps what it makes leaf.conf of in hub.tried, on flash, and the supervisor writes to hub.joined there, too.
//   5. when a part of the leaf that it can do without does not start, the supervisor writes its name to state/without;
//      the starter then leaves it out of a copy in state/, until the supervisor finds that it can start.
// Renders of a directory run one at a time (render.lock). What one makes takes its place as a whole: render.due says which
// files are to be renamed or removed and what must then restart, and stays until that was printed. So the next render
// completes what a killed one began, and asks again.
// A hub part is named by 32 hex digits of its SHA-256, which stand in line 2 of each leaf config: `# hub: NAME`.
import { join } from 'node:path';

/** Each file by its path below the run directory. */
export const stateFiles = {
  /** What render hands to the agent: the config without secrets, how to connect, which leaf config there is. JSON. */
  agentFile: 'agent.json',
  /** agent.json while it is written; takes its place last. */
  agentFileDraft: 'agent.json.new',
  /** Config of nats-server for the settings that were asked for. */
  conf: 'leaf.conf',
  /** A leaf config while nats-server tests it. */
  confDraft: 'leaf.conf.new',
  /** The tested leaf.conf, which takes its place together with agent.json. */
  confNext: 'leaf.conf.next',
  /** leaf.conf with the last good hub part in place of the one asked for; missing where that is the same. */
  fallbackConf: 'leaf.fallback.conf',
  /** The tested leaf.fallback.conf, which takes its place together with agent.json. */
  fallbackNext: 'leaf.fallback.conf.next',
  /** What a render has decided and not yet printed. JSON. */
  renderDue: 'render.due',
  /** Locked while a render runs; pid of the last one. */
  renderLock: 'render.lock',
  /** Hub part of a leaf config that has joined. Also in /etc/nunect, where it outlives a reboot. */
  lastGoodHub: 'hub.good',
  /** Directory of credentials and TLS files in a form that nats-server reads, where those of the owner have another. */
  copies: 'rewritten',
  /** Hub part of leaf.conf while hub.good has another one. In /etc/nunect only. */
  triedHub: 'hub.tried',
  /** Name of the hub part that joined last. In /etc/nunect only, where user nunect may write to this file alone. */
  joinedHub: 'hub.joined',

  /** FIFO into which the agent writes a line when a hub has given it other settings: root renders anew then. */
  reloadFifo: 'reload.fifo',

  /** Directory that user nunect may write to; root writes nothing in it, and follows no link out of it. */
  state: 'state',
  /** Pid of nats-server. */
  pid: 'state/leaf.pid',
  /** Log of nats-server, which rotates it to leaf.log.DATE. */
  log: 'state/leaf.log',
  /** `PID HUB [PART ...]`: the process that became nats-server, the name of its hub part, and what it was started without. */
  running: 'state/running',
  /** Name of the hub part that joined last. */
  joined: 'state/joined',
  /** Line 1: name of the hub part that did not join, so that the last good one is used. Line 2: why, for people. */
  fallback: 'state/fallback',
  /** Line 1: the parts that could not start, so that the leaf runs without them. Then why, a line for each. */
  without: 'state/without',
  /** leaf.conf without these parts. */
  reducedConf: 'state/leaf.conf',
  /** leaf.fallback.conf without them. */
  reducedFallbackConf: 'state/leaf.fallback.conf',
  /** `SECONDS QUICK [paused]`: uptime at the last start, how many came within a minute, whether it is a pause. */
  leafStarts: 'state/leaf.starts',
  /** The same for the agent. */
  agentStarts: 'state/agent.starts',
  /** What the links to the hub have carried in this boot, for the agent's next start. JSON. */
  linkBytes: 'state/link.bytes',
  /** Socket on which the agent serves its status to programs of this unit. */
  statusSocket: 'state/status.sock',
} as const;

export type StateFile = keyof typeof stateFiles;

/** Path of a state file. */
export const statePath = (runDir: string, file: StateFile): string => join(runDir, stateFiles[file]);

/**
 * Who uses the files: folders and files of agent/, scripts of this repository, or nats-server. To remove a file is to
 * write it. test/unit/leaf/statefiles.test.ts holds sources and scripts to this table, which is in no bundle.
 */
export const stateAccess: Readonly<
  Record<StateFile, { readonly writers: readonly string[]; readonly readers: readonly string[] }>
> = {
  agentFile: {
    writers: ['leaf/render'],
    readers: [
      'leaf/render',
      'cli',
      'procd/nunect',
      'procd/nunect-leaf',
      'procd/procd.sh',
      'openwrt/luci-app-nunect/root/usr/libexec/rpcd/nunect',
    ],
  },
  agentFileDraft: { writers: ['leaf/render'], readers: [] },
  conf: {
    writers: ['leaf/render'],
    readers: ['leaf/render', 'leaf/supervisor', 'procd/nunect-leaf', 'openwrt/nunect/leaf', 'nats-server'],
  },
  confDraft: { writers: ['leaf/render'], readers: ['leaf/render', 'nats-server'] },
  confNext: { writers: ['leaf/render'], readers: ['leaf/render'] },
  fallbackConf: {
    writers: ['leaf/render'],
    readers: ['leaf/supervisor', 'openwrt/nunect/leaf', 'nats-server'],
  },
  fallbackNext: { writers: ['leaf/render'], readers: ['leaf/render'] },
  renderDue: { writers: ['leaf/render'], readers: ['leaf/render'] },
  renderLock: { writers: ['cli'], readers: ['cli'] },
  lastGoodHub: { writers: ['leaf/render', 'openwrt/nunect/postrm'], readers: ['leaf/render'] },
  copies: { writers: ['leaf/render'], readers: ['leaf/render', 'nats-server'] },
  triedHub: { writers: ['leaf/render', 'openwrt/nunect/postrm'], readers: ['leaf/render'] },
  joinedHub: {
    writers: ['leaf/render', 'leaf/supervisor', 'openwrt/nunect/postrm'],
    readers: ['leaf/render', 'leaf/supervisor'],
  },
  reloadFifo: { writers: ['cli'], readers: ['procd/nunect'] },
  state: { writers: ['leaf/render'], readers: ['cli', 'procd/procd.sh'] },
  pid: { writers: ['leaf/conf', 'nats-server'], readers: ['leaf/supervisor'] },
  log: {
    writers: ['leaf/conf', 'nats-server', 'openwrt/nunect/leaf', 'leaf/supervisor'],
    readers: ['leaf/supervisor', 'cli', 'openwrt/nunect/leaf'],
  },
  running: {
    writers: ['openwrt/nunect/leaf'],
    readers: ['leaf/supervisor', 'openwrt/nats-server/postinst'],
  },
  joined: { writers: ['leaf/supervisor'], readers: ['leaf/supervisor', 'leaf/render'] },
  fallback: {
    writers: ['leaf/supervisor', 'procd/nunect-leaf'],
    readers: ['leaf/supervisor', 'openwrt/nunect/leaf'],
  },
  without: {
    writers: ['leaf/supervisor', 'procd/nunect-leaf'],
    readers: ['leaf/supervisor', 'leaf/render', 'openwrt/nunect/leaf'],
  },
  reducedConf: {
    writers: ['openwrt/nunect/leaf'],
    readers: ['leaf/supervisor', 'openwrt/nunect/leaf', 'nats-server'],
  },
  reducedFallbackConf: {
    writers: ['openwrt/nunect/leaf'],
    readers: ['leaf/supervisor', 'openwrt/nunect/leaf', 'nats-server'],
  },
  leafStarts: { writers: ['procd/pace.sh', 'procd/nunect-leaf'], readers: ['procd/pace.sh'] },
  agentStarts: { writers: ['procd/pace.sh', 'procd/nunect'], readers: ['procd/pace.sh'] },
  linkBytes: { writers: ['parts'], readers: ['parts'] },
  statusSocket: { writers: ['parts'], readers: ['cli'] },
};
