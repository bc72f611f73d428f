/** The next SIGINT or SIGTERM, which does not end the process by itself then. */
export function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve(signal);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  });
}

/** That, or the end of the process that started this one. */
export function nextSignalOrOrphaned(): Promise<NodeJS.Signals> {
  const orphaned = new Promise<NodeJS.Signals>((resolve) => process.once('disconnect', () => resolve('SIGTERM')));
  return Promise.race([nextSignal(), orphaned]);
}
