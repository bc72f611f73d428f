/** Gives relation fields their way to the database: loaded with `bgtasks/serializers`, so that fields need not know it. */
import { installRelatedSources } from '../../fields/related-source.js';
import { keyOfRow, openSource } from './related-source.js';

installRelatedSources({ open: openSource, keyOf: keyOfRow });
