/** The API of the catalogue, and the page that shows it. */
import { fileURLToPath } from 'node:url';
import { view } from 'bgtasks/express';
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import { drawing } from '../images/drawing.js';
import { database } from './database.js';
import { type Log, logRequests } from './log-requests.js';
import { Product } from './product.js';
import { ProductSerializer } from './serializers.js';
import { serverTiming } from './server-timing.js';
import { catalogue } from './service.js';

/** Found from the root of the package: the page is not compiled, so it does not stand beside the compiled app. */
const PAGE = fileURLToPath(new URL('examples/shop/page', import.meta.resolve('bgtasks/package.json')));

export function createApp(log: Log): Express {
  const app = express().disable('x-powered-by');
  app.use('/products', logRequests(log));
  app.param('id', (_req, _res, next, id) => next(/^\d{1,9}$/.test(id) ? undefined : 'route'));

  app.get('/products', view(listProducts, { service: catalogue }));
  app.get('/products/:id', view(showProduct, { service: catalogue }));
  app.post('/products', express.json(), view(createProduct, { service: catalogue, status: 201 }));

  app.get('/images/:id.svg', sendDrawing);
  app.use(express.static(PAGE));
  app.use(answerNotFound, answerErrors);
  return app;
}

const products = database.getRepository(Product);

/** One call per route, however many rows: `view()` awaits the data, and counts. */
async function listProducts({ res }: Request) {
  const list = ProductSerializer.many(await products.find({ order: { id: 'ASC' } }));
  await list.data;
  res?.set('Server-Timing', serverTiming(list));
  return list;
}

async function showProduct({ params }: Request) {
  return new ProductSerializer(await products.findOneByOrFail({ id: Number(params.id) }));
}

async function createProduct({ body }: Request) {
  const serializer = new ProductSerializer(undefined, { data: body });
  await serializer.isValid({ raiseException: true });
  await serializer.save();
  return serializer;
}

/** Stands in for a file server. */
const sendDrawing: RequestHandler = ({ params }, res, next) => {
  const svg = drawing(Number(params.id));
  if (svg) res.type('svg').set('Cache-Control', 'max-age=3600').send(svg);
  else next();
};

const answerNotFound: RequestHandler = (_req, res) => void res.status(404).json({ detail: 'Not found.' });

/** What `view()` has not answered: bodies that are no JSON. */
const answerErrors: ErrorRequestHandler = (error, _req, res, next) => {
  if (error.expose) res.status(error.status).json({ detail: error.message });
  else next(error);
};
