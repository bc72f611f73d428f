/**
 * The image service. Alone, over RabbitMQ: `npx bgtasks tasks examples/shop/images/tasks.ts`.
 * A provider takes primary keys and answers with their objects.
 */
import { configure, provide, rpcTask } from 'bgtasks';
import { database } from './database.js';
import { Category, Image } from './entities.js';

configure({ serviceName: 'images', dataSource: database });

export const getImages = rpcTask('images.get')(provide(database.getRepository(Image)));

export const getCategories = rpcTask('categories.get')(provide(database.getRepository(Category)));
