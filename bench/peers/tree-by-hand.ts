/** The waves of a tree as one writes them by hand who knows each of them. */
import type { RawClient } from '../remote/raw-client.js';

export interface TreeRow {
  readonly id: number;
  readonly cover: number;
  readonly tag: number;
  readonly owner: number;
  readonly comment: { readonly author: number; readonly picture: number };
}

export function treeRows(count: number): TreeRow[] {
  return Array.from({ length: count }, (_, i) => ({
    id: i,
    cover: i + 1,
    tag: (i % 50) + 1,
    owner: (i % 2000) + 1,
    comment: { author: (i % 3000) + 1, picture: count + i },
  }));
}

interface User {
  id: number;
  name: string;
  team: number;
}
interface Team {
  id: number;
  name: string;
  logo: number;
}

export async function treeByHand(client: RawClient, rows: readonly TreeRow[]): Promise<unknown[]> {
  const load = async <T extends { id: number }>(route: string, ids: Iterable<number>): Promise<Map<number, T>> => {
    const found = (await client.call(`raw.${route}`, [...new Set(ids)])) as T[];
    return new Map(found.map((object) => [object.id, object]));
  };
  const [images, tags, users] = await Promise.all([
    load(
      'images.get',
      rows.flatMap(({ cover, comment }) => [cover, comment.picture]),
    ),
    load(
      'tags.get',
      rows.map(({ tag }) => tag),
    ),
    load<User>(
      'users.get',
      rows.flatMap(({ owner, comment }) => [owner, comment.author]),
    ),
  ]);
  const teams = await load<Team>(
    'teams.get',
    Array.from(users.values(), ({ team }) => team),
  );
  const logos = await load(
    'images.get',
    Array.from(teams.values(), ({ logo }) => logo),
  );
  const shownTeams = new Map(
    Array.from(teams.values(), ({ id, name, logo }) => [id, { name, logo: logos.get(logo) ?? null }]),
  );
  const shownUsers = new Map(
    Array.from(users.values(), ({ id, name, team }) => [id, { name, team: shownTeams.get(team) ?? null }]),
  );
  return rows.map(({ id, cover, tag, owner, comment }) => ({
    id,
    cover: images.get(cover) ?? null,
    tag: tags.get(tag) ?? null,
    owner: shownUsers.get(owner) ?? null,
    comment: { author: shownUsers.get(comment.author) ?? null, picture: images.get(comment.picture) ?? null },
  }));
}
