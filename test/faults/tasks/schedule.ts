/** A worker of a schedule for fault tests; its service has the name in `BGTASKS_SERVICE_NAME`. */
import { every } from 'bgtasks';

every('beat', '1 s', { catchUp: 'all' })(() => {});
