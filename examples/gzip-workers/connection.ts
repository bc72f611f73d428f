import { ConnectionParameters } from 'bgtasks/compat';

const { RABBITMQ_HOST, RABBITMQ_PORT, RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS } = process.env;

export const connection = ConnectionParameters({
  host: RABBITMQ_HOST ?? 'localhost',
  port: Number(RABBITMQ_PORT ?? 5672),
  user: RABBITMQ_DEFAULT_USER ?? 'guest',
  password: RABBITMQ_DEFAULT_PASS ?? 'guest',
});
