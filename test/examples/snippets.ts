import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import ts from 'typescript'

const root = resolve(import.meta.dirname, '../..')
// Of the sources and libraries, which do not change from one program to the next.
const parsed = new Map<string, ts.SourceFile | undefined>()

/** A fenced block of TypeScript in a Markdown file. */
export interface Snippet {
  /** Relative to the repository. */
  readonly file: string
  /** Of its first line of code, from 1. */
  readonly line: number
  readonly code: string
}

/** The blocks marked `ts` of a file, in order. */
export function snippetsOf(file: string): readonly Snippet[] {
  const markdown = readFileSync(resolve(root, file), 'utf8')
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = '' }) => ({
    file,
    line: markdown.slice(0, index).split('\n').length + 1,
    code,
  }))
}

/**
 * What the compiler says of the snippets, each a module of its own under the project's options. `globals` declares what the prose
 * around them takes for granted.
 */
export function problemsOf(snippets: readonly Snippet[], globals = ''): readonly string[] {
  // The last two: apps on Nest are written so.
  const options = { ...projectOptions(), noUnusedLocals: false, experimentalDecorators: true, erasableSyntaxOnly: false }
  const modules = new Map(snippets.map((snippet, index) => [resolve(root, 'test/examples', `snippet-${index}.ts`), snippet]))
  const ambient = resolve(root, 'test/examples/globals.d.ts')
  const textOf = (path: string) => {
    const snippet = modules.get(path)
    return path === ambient ? globals : snippet && `${snippet.code}\nexport {}`
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => textOf(path) !== undefined || fileExists(path)
  host.readFile = (path) => textOf(path) ?? readFile(path)
  host.getSourceFile = (path, target, ...rest) => {
    const text = textOf(path)
    if (text !== undefined) return ts.createSourceFile(path, text, target)
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, target, ...rest))
    return parsed.get(path)
  }
  return ts.getPreEmitDiagnostics(ts.createProgram([...modules.keys(), ambient], options, host)).map((diagnostic) => {
    const { file, start = 0, messageText } = diagnostic
    const snippet = file && modules.get(file.fileName)
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + (snippet?.line ?? 1)
    return `${snippet?.file ?? relative(root, file?.fileName ?? '')}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

function projectOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(resolve(root, 'tsconfig.json'), ts.sys.readFile)
  return ts.parseJsonConfigFileContent({ ...config, include: [], files: ['package.json'] }, ts.sys, root).options
}
