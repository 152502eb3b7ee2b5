/** Login of the agent at its own leaf. */
export const agentUser = 'nunect-agent';

/** Login with which the agent reads the state of its leaf. */
export const monitorUser = 'nunect-monitor';
