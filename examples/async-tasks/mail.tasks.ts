/** Functions that run in the worker, called as if they ran here. */
import { asyncTask, currentCaller, currentTask } from 'bgtasks';
import { User } from './user.js';

export const sendEmail = asyncTask('mail.send', { classes: [User] })(async (user: User, title: string) => {
  // An instance again, and what the endpoint knew of its request.
  const facts = { to: user.email, on: currentCaller().url };
  currentTask()?.log.info(facts, `sent: ${user.greeting}, ${title}`);
});

export const welcome = asyncTask('users.welcome', { classes: [User] })(async (user: User) => {
  await sendEmail(user, 'welcome!'); // queued from within a task
  await sendEmail.after(1000, user, 'how do you like it?');
});
