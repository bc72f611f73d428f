/** Gives fields the texts of the service that is at work: loaded with `bgtasks/serializers`. */
import { installMessageHook } from '../fields/messages.js';
import { serviceInUse } from '../lib/service/default-service.js';

installMessageHook(() => serviceInUse().internals.messages());
