// Apps beside the units: they follow the same contract, come and go with a browser, and nobody repairs them. Pure.

const ofOwner = /^nats-ui-(mobile|laptop|tablet)-(win|mac|linux|ios|android)-[0-9a-z]{4}$/;

/** Whether that is the id of one of nunect's apps, such as `nats-ui-laptop-linux-a7b3`. An app may also take any id of a unit. */
export const isClientId = (id: string): boolean => ofOwner.test(id);
