import type { Delivery } from '../broker/broker.js';

const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to.';

/**
 * A forged direct reply-to address makes RabbitMQ close the connection. When a message with one comes back, it is settled
 * before it is answered, so that it cannot come a third time.
 */
export function isSuspect({ redelivered }: Delivery, replyTo: string | undefined): boolean {
  return redelivered && (replyTo?.startsWith(DIRECT_REPLY_TO) ?? false);
}
