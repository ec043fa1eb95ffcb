/** Whether everything that the packages export says what it is. */
import { join, relative } from 'node:path';
import { publicSources, root } from './workspace.mjs';

/** Functions, classes, their methods and constants without a docstring. Types may speak for themselves. */
async function undocumented(entries) {
  const { default: ts } = await import('typescript');
  const { options } = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.json'), {}, ts.sys);
  const program = ts.createProgram(entries, options);
  const checker = program.getTypeChecker();
  const speaks = (symbol) => symbol.getDocumentationComment(checker).length > 0;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;

  /** The symbols that are to be documented, by the name that a person calls them. */
  const promised = function* (symbol) {
    const [declaration] = symbol.declarations ?? [];
    if (declaration === undefined || ts.isInterfaceDeclaration(declaration)) return;
    if (ts.isTypeAliasDeclaration(declaration)) return;
    yield [symbol.name, symbol];
    if (!ts.isClassDeclaration(declaration)) return;
    for (const member of declaration.members.filter(ts.isMethodDeclaration)) {
      if (ts.isPrivateIdentifier(member.name) || ts.getCombinedModifierFlags(member) & hidden) continue;
      yield [`${symbol.name}.${member.name.getText()}`, checker.getSymbolAtLocation(member.name)];
    }
  };

  return entries.flatMap((entry) => {
    const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)));
    return exported
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .flatMap((symbol) => [...promised(symbol)])
      .filter(([, symbol]) => !speaks(symbol))
      .map(([name]) => `${relative(root, entry)}: ${name}`);
  });
}

/** @throws Error that names what says nothing. */
export async function checkDocstrings() {
  const silent = await undocumented(publicSources());
  if (silent.length > 0) throw new Error(`These exports have no docstring:\n${silent.join('\n')}`);
}
