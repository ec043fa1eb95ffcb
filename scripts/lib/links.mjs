/** The links of READMEs and pages to other files of this repository. VitePress checks those between pages only. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quietly } from './run.mjs';
import { root } from './workspace.mjs';

/** What a heading is called in a link: as GitHub and VitePress have it. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[`*_]/g, '')
    .replace(/[^\p{L}\p{N}\- ]/gu, '')
    .trim()
    .replace(/ /g, '-');

const headingsOf = (text) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));

/** The links that lead nowhere, each with its page. */
export function brokenLinks(files) {
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8').replace(/^```.*?^```/gms, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
    return targets
      .filter((target) => !/^[a-z]+:|^\//.test(target))
      .filter((target) => {
        const [path, anchor] = target.split('#');
        const found = path === '' ? join(root, file) : join(root, dirname(file), path);
        const page = [found, `${found}.md`].find(existsSync);
        if (page === undefined) return true;
        return anchor !== undefined && !headingsOf(readFileSync(page, 'utf8')).includes(anchor);
      })
      .map((target) => `${file}: ${target}`);
  });
}

/** Every page that is committed, but for the template's, whose links are to files that are not there yet. */
export async function checkLinks() {
  const tracked = (await quietly(['git', '-C', root, 'ls-files', '*.md'])).trim().split('\n');
  const broken = brokenLinks(tracked.filter((file) => !/\/template\/|^\.changeset\//.test(file)));
  if (broken.length > 0) throw new Error(`These links lead nowhere:\n${broken.join('\n')}`);
}
