import { RpcTimeoutError } from 'bgtasks';
import { expect } from 'chai';
import { rejection } from './rejection.js';

/**
 * The timeout of a call, once its queue is known of: the first one may say only that the connection is still being opened,
 * and a broker that takes longer than 100 ms over the question leaves the explanation out.
 */
export async function explainedTimeout(call: () => Promise<unknown>): Promise<RpcTimeoutError> {
  for (;;) {
    const error = await rejection(call());
    expect(error).to.be.instanceOf(RpcTimeoutError);
    const timeout = error as RpcTimeoutError;
    if ('consumers' in timeout.details) return timeout;
  }
}
