/** `npx bgtasks serve server.ts` runs the API and, as `withAsync` says, the worker beside it. */
import { caller } from 'bgtasks/express';
import express from 'express';
import { welcome } from './mail.tasks.js';
import { User } from './user.js';

export const app = express();

app.use(caller((request) => ({ url: request.originalUrl })));

app.post('/users/:name', async (request, response) => {
  const { name } = request.params;
  const job = await welcome(new User(name, `${name.toLowerCase()}@example.org`));
  response.status(201).json({ name, job: job.id });
});
