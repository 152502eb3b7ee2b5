/** What sets the floor of a figure, by its id: what is left of it when the agent does nothing that it need not. */
export const floors: Readonly<Record<string, string>> = {
  'size.bundle':
    'nats.js is about 72 KB of it; the rest is ours, of which the page, the clock judgment and its texts are the largest parts.',
  'start.first-echo':
    'a bare node, then nats.js and two connections of round trips until the subscription has reached the hub: the minimal program shows all of it.',
  'echo.p50':
    'two nats-servers and the client are on the way, the same for both: only the part of the one who answers can differ.',
  'echo.p99': 'as p50, and who else wants the cores: both see it, since they are asked in turn.',
  'echo.rate.64':
    'hub, leaf, the asking client and the one who answers share the cores; Go uses its threads beside each other, JavaScript has one.',
  'echo.cpu':
    'at 64 in flight several echoes share a read and a write, so that what is left is parsing and encoding.',
  'echo.backlog.p99':
    'hub and leaf carry the records at the same time: what Go sees on the same leaf is the floor, the rest is the agent sending.',
  'spent.reads':
    'one read and one write for an echo that comes alone; Go also reads in vain before it waits.',
  'spent.allocated': 'a subject, a reply subject and the headers as strings.',
  'idle.cpu':
    'what the least program costs that tells three records every 5 s; the agent also asks the clock daemons, the leaf and the kernel, and makes the full set.',
  'idle.cpu.agent':
    'a node that wakes six times a second, reads two small files of /proc each time and does nothing else.',
  'idle.wakeups':
    "a timer, a packet and its acknowledgement are a wake-up each; libuv's threads add those of reads that wait for them.",
  'idle.anonymous': 'a bare node of the same version: its heap, its stacks, its isolate.',
  'memory.growth.100000':
    "V8 lets its young generation grow under load and gives it back late: the minimal program shows how much of it is node's.",
  'traffic.standard':
    'PINGs of the link, acknowledgements of what is stored, and the headers that each heartbeat must carry.',
  'traffic.satellite': 'a heartbeat a minute with all its headers, and the PINGs of the link.',
};
