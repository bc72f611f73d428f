/** An API and its tasks in one module: `npx bgtasks serve server.ts`. It exports the app and does not listen by itself. */
import { call, jobTask, rpcTask } from 'bgtasks';
import express from 'express';

export const greet = rpcTask('greetings.make')((name: string) => `Hello, ${name}!`);

export const log = jobTask('greetings.log')((name: string, { log }) => log.info({ name }, 'greeted'));

export const app = express();

app.get('/greetings/:name', async (request, response) => {
  const { name } = request.params;
  await log.enqueue(name);
  response.json({ greeting: await call(greet, name) });
});
