/** Read by every command first. `BGTASKS_URL` says where the broker is. */
import { configure } from 'bgtasks';

configure({ serviceName: 'greetings', withAsync: true });
