/** The brokers that a contract holds for: one inside the process, one real. */
import { randomUUID } from 'node:crypto';
import { rabbitUrl } from './rabbitmq.js';

export const BROKERS: readonly { readonly name: string; url(): string }[] = [
  { name: 'the memory broker', url: () => `memory://${randomUUID()}` },
  { name: 'RabbitMQ', url: rabbitUrl },
];

/** A name of its own for each test: tests on one RabbitMQ must not meet. */
export function unique(name: string): string {
  return `${name}.${randomUUID().slice(0, 8)}`;
}
