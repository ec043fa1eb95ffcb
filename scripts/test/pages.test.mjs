import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { brokenLinks } from '../lib/links.mjs';
import { programsIn } from '../lib/readmes.mjs';
import { root } from '../lib/workspace.mjs';

test('a program goes on in the comment behind it, or says why it is not run', () => {
  const page = [
    '```ts\nconst a = 1;\n```\n\n<!-- run\nconsole.log(a);\n-->\n',
    '```ts\nconst b = 2;\n```\n',
    '<!-- a remark -->\n\n```ts\nconst c = 3;\n```\n\n<!-- not run: needs a GPU -->\n',
    '```sh\nls\n```\n',
  ];
  expect(programsIn(page.join('\ntext\n\n'))).toEqual([
    { source: 'const a = 1;\n\nconsole.log(a);\n', reason: undefined },
    { source: 'const b = 2;\n', reason: undefined },
    { source: 'const c = 3;\n', reason: 'needs a GPU' },
  ]);
});

const folder = mkdtempSync(join(root, 'node_modules/.links-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a link to a file or a heading that is not there is found', () => {
  writeFileSync(join(folder, 'other.md'), '# A heading: of `two` parts\n');
  writeFileSync(
    join(folder, 'page.md'),
    [
      '[there](other.md) [there](./other) [there](other.md#a-heading-of-two-parts) [there](https://example.org)',
      '[not](missing.md) [nor](other.md#nothing) [nor](#here)',
      '```md\n[in a program](nowhere.md)\n```',
    ].join('\n\n'),
  );
  const page = relative(root, join(folder, 'page.md'));
  expect(brokenLinks([page])).toEqual([`${page}: missing.md`, `${page}: other.md#nothing`, `${page}: #here`]);
});
