// The site of these pages: the reference of the API from the sources' docstrings, then everything as HTML in docs/.vitepress/dist.
import { readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { Application, Converter, ReflectionKind } from 'typedoc'
import { build } from 'vitepress'

const docs = resolve(import.meta.dirname, '..')
const root = resolve(docs, '..')
const out = resolve(docs, 'api')

const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
  exports: Record<string, string | { '@omnicascade/source': string }>
}
/** What an app imports, by the path below src/ of what it then gets. */
const specifiers = new Map(
  Object.entries(exports).flatMap(([subpath, target]) => {
    const source = typeof target === 'string' ? undefined : /^\.\/src\/(.*)\.ts$/.exec(target['@omnicascade/source'])?.[1]
    return source === undefined ? [] : [[source, `omnicascade${subpath.slice(1)}`]]
  }),
)

rmSync(out, { recursive: true, force: true })
const tables = Object.fromEntries(
  ['interfaceProperties', 'classProperties', 'typeAliasProperties', 'parameters', 'typeDeclaration', 'propertyMembers'].map(
    (what) => [`${what}Format`, 'table'],
  ),
)
const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  entryPoints: [...specifiers.keys()].map((source) => resolve(root, 'src', `${source}.ts`)),
  tsconfig: resolve(root, 'tsconfig.json'),
  name: 'API reference',
  out,
  docsRoot: docs,
  router: 'module',
  readme: 'none',
  excludeExternals: true,
  groupOrder: ['Functions', 'Interfaces', 'Type Aliases', 'Variables', 'Classes'],
  hideBreadcrumbs: true,
  hidePageHeader: true,
  disableSources: true,
  useCodeBlocks: true,
  logLevel: 'Warn',
  ...tables,
} as object)
app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
  if (reflection.kindOf(ReflectionKind.Module)) reflection.name = specifiers.get(reflection.name) ?? reflection.name
})
const project = await app.convert()
if (project === undefined) throw new Error('the sources could not be read')
await app.generateOutputs(project)

await build(docs)
