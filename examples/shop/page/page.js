/** Shows what `GET /products` answers, and what it took. */

const START_IMAGES = 'npx bgtasks tasks examples/shop/images/tasks.ts';
const price = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });
const byId = (id) => document.getElementById(id);

/** Each with its `<li>`. */
let products = [];

byId('retry').addEventListener('click', load);
byId('text').addEventListener('input', filter);
byId('category').addEventListener('change', filter);
await load();

async function load() {
  show('loading');
  showSkeleton();
  const start = performance.now();
  try {
    const response = await fetch('/products');
    const body = await response.json();
    if (!response.ok) return showProblem(response.status, body);
    showFacts(body, response.headers.get('X-RPC-Calls'), performance.now() - start);
    showRoutes(response.headers.get('Server-Timing') ?? '');
    showProducts(body);
    show('facts', 'made', 'answer', 'filters');
  } catch {
    showProblem();
  }
}

/** These sections and no others. */
function show(...ids) {
  for (const id of ['facts', 'made', 'answer', 'filters', 'problem', 'loading']) byId(id).hidden = !ids.includes(id);
}

function showFacts(rows, calls, ms) {
  byId('rows').textContent = rows.length;
  byId('calls').textContent = calls;
  byId('objects').textContent = distinct(rows, 'image') + distinct(rows, 'category');
  byId('time').textContent = `${Math.round(ms)} ms`;
  byId('json').textContent = JSON.stringify(rows[0], null, 2);
}

/** `images.get;dur=12.3;desc="wave 1, 208 keys, 1 call", ...`: a row for each route, and one for all of it. */
function showRoutes(timing) {
  const entries = [...timing.matchAll(/([^\s,;]+);dur=([\d.]+)(?:;desc="([^"]*)")?/g)];
  byId('routes').replaceChildren(...entries.map(([, route, ms, asked]) => routeRow(route, asked, ms)));
}

function routeRow(route, asked, ms) {
  const row = document.createElement('tr');
  const texts = route === 'all' ? ['The whole list', ''] : [route, asked];
  for (const text of [...texts, `${ms} ms`])
    row.append(Object.assign(document.createElement('td'), { textContent: text }));
  return row;
}

function distinct(rows, property) {
  return new Set(rows.flatMap((row) => row[property]?.id ?? [])).size;
}

function showProducts(rows) {
  products = rows.map((row) => ({ ...row, item: card(row) }));
  byId('products').replaceChildren(...products.map(({ item }) => item));
  const names = [...new Set(rows.map(({ category }) => category?.name ?? ''))].filter(Boolean).sort();
  byId('category').replaceChildren(new Option('All', ''), ...names.map((name) => new Option(name)));
  filter();
}

/** A remote object may be missing: then its field is null. */
function card({ name, price: cents, stock, image, category }) {
  const item = byId('card').content.cloneNode(true).firstElementChild;
  const [picture, label, title] = item.children;
  if (image) Object.assign(picture, { src: image.path, alt: image.alt });
  label.textContent = category?.name ?? 'No category';
  title.textContent = name;
  item.querySelector('.price').textContent = price.format(cents / 100);
  const level = item.querySelector('.stock');
  level.textContent = stock === 0 ? 'Sold out' : stock < 5 ? `Only ${stock} left` : `${stock} in stock`;
  level.classList.toggle('low', stock < 5);
  return item;
}

function filter() {
  const words = byId('text').value.toLowerCase().split(/\s+/);
  const wanted = byId('category').value;
  let count = 0;
  for (const { item, name, category } of products) {
    const isShown = (!wanted || category?.name === wanted) && words.every((word) => name.toLowerCase().includes(word));
    item.hidden = !isShown;
    count += Number(isShown);
  }
  byId('shown').textContent = count === 0 ? 'Nothing matches.' : `${count} of ${products.length}`;
}

function showSkeleton() {
  const empty = Array.from({ length: 12 }, () => Object.assign(document.createElement('li'), { className: 'empty' }));
  byId('products').replaceChildren(...empty);
}

/** Without a status the shop itself has not answered. */
function showProblem(status, { detail, code } = {}) {
  const isRemote = status >= 502 && status <= 504;
  const [title, text, command] = byId('problem').children;
  title.textContent = isRemote ? 'The image service is away' : 'The shop does not answer';
  text.textContent = isRemote
    ? `The products are here. Their pictures and categories come from another service, and that one ${
        status === 502 ? 'could not be reached' : 'did not answer in time'
      } (${status}, ${code}). Start it with the same BGTASKS_URL, then try again.`
    : `Is it still running? ${status ? `It answered ${status}. ${detail ?? ''}` : ''}`;
  command.textContent = isRemote ? START_IMAGES : 'npm start';
  byId('products').replaceChildren();
  show('problem');
}
