/** Gives remote fields their way out: loaded with `bgtasks/serializers`, so that fields need not know how to call. */
import { installRemoteLoader } from '../../fields/remote-loader.js';
import { findKeys } from './exists.js';
import { loadOne } from './waves.js';

installRemoteLoader({ load: loadOne, find: findKeys });
