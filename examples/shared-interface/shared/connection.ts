/** Where the broker is: the variables of `config.env`, which the image of RabbitMQ reads as well. */
import { configure } from 'bgtasks';

const { RABBITMQ_HOST, RABBITMQ_PORT, RABBITMQ_DEFAULT_USER, RABBITMQ_DEFAULT_PASS } = process.env;

configure({
  host: RABBITMQ_HOST ?? 'localhost',
  port: Number(RABBITMQ_PORT ?? 5672),
  username: RABBITMQ_DEFAULT_USER ?? 'guest',
  password: RABBITMQ_DEFAULT_PASS ?? 'guest',
});
