import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where pip looks for packages: its settings, read the way that pip reads them, for a host without pip. */
export interface PipSettings {
  /** Addresses of package indexes. */
  readonly indexes: readonly string[];
  /** Folders, and addresses of pages, with wheels in them. */
  readonly findLinks: readonly string[];
  /** A file with certificates to trust. */
  readonly cert: string | undefined;
}

/** Environment variables win over files, and a file over those before it. */
export function pipSettings(): PipSettings {
  const env: Record<string, string | undefined> = process.env;
  const settings = new Map<string, string>();
  for (const file of settingsFiles()) {
    if (existsSync(file)) readIni(readFileSync(file, 'utf8'), settings);
  }
  const setting = (name: string) =>
    env[`PIP_${name.toUpperCase().replaceAll('-', '_')}`] ?? settings.get(name);
  const list = (name: string) => setting(name)?.split(/\s+/).filter(Boolean) ?? [];
  const noIndex = /^(1|y|yes|t|true|on)$/i.test(setting('no-index') ?? '');
  const main = setting('index-url') ?? 'https://pypi.org/simple';
  return {
    indexes: noIndex ? [] : [main, ...list('extra-index-url')],
    findLinks: list('find-links'),
    cert: setting('cert'),
  };
}

/** For all users, for this user, for this virtual environment. */
function settingsFiles(): string[] {
  const env: Record<string, string | undefined> = process.env;
  if (env.PIP_CONFIG_FILE !== undefined) return [env.PIP_CONFIG_FILE];
  return [
    '/etc/xdg/pip/pip.conf',
    '/etc/pip.conf',
    ...(process.platform === 'darwin' ? [join(homedir(), 'Library/Application Support/pip/pip.conf')] : []),
    join(homedir(), '.pip', 'pip.conf'),
    join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'pip', 'pip.conf'),
    ...(env.VIRTUAL_ENV ? [join(env.VIRTUAL_ENV, 'pip.conf')] : []),
  ];
}

/** The sections that `pip download` reads; a line that is indented continues the value before it. */
function readIni(text: string, settings: Map<string, string>): void {
  let section = '';
  let name = '';
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const [, heading] = /^\[(.*)\]/.exec(line) ?? [];
    if (heading !== undefined) {
      section = heading.trim();
      name = '';
    } else if (section !== 'global' && section !== 'download') {
      // A setting of another command.
    } else if (/^\s/.test(line) && name !== '') {
      settings.set(name, `${settings.get(name)} ${line.trim()}`);
    } else {
      const [, key = '', value = ''] = /^\s*([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
      name = key.toLowerCase().replaceAll('_', '-');
      settings.set(name, value.trim());
    }
  }
}
