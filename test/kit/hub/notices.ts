// What alerts tell, made by hand.
import { keyOf, type Notice } from '../../../agent/hub/alerts/alert.ts';

/** That a unit is away, or is back. */
export const offlineNotice = (unit: string, event: Notice['event'] = 'fired'): Notice => ({
  ...{ event, at_ms: 2 },
  alert: {
    ...{ key: keyOf('offline', unit), condition: 'offline', severity: 'critical', unit },
    ...{ since_ms: 1, text: 'x', remedy: 'y' },
  },
});
