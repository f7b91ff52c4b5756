// The public API of each subpath, read off the built declarations: `node .ci/api.ts` compares it with .ci/api, `--write` commits to what it is now.
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'

type Target = Readonly<Record<'types', string>>
const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, Target | string> }
const entries = Object.entries(exports).flatMap(([subpath, target]) =>
  typeof target === 'string'
    ? []
    : [{ name: subpath === '.' ? 'omnicascade' : subpath.slice(2).replaceAll('/', '-'), types: target.types }],
)
const reports = '.ci/api'
const work = mkdtempSync(join(tmpdir(), 'omnicascade-api-'))
const silent = { logLevel: ExtractorLogLevel.None, addToApiReportFile: false } as const
const inReport = { logLevel: ExtractorLogLevel.Error, addToApiReportFile: false } as const

const configs = entries.map(({ name, types }) =>
  ExtractorConfig.prepare({
    configObject: {
      projectFolder: process.cwd(),
      mainEntryPointFilePath: resolve(types),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'nodenext',
            target: 'es2023',
            lib: ['es2023'],
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: work,
        reportTempFolder: work,
        reportFileName: `${name}.api.md`,
        includeForgottenExports: false,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: inReport },
        // Which types a subpath mentions and another one exports is no fault; nor is a docstring without tags.
        extractorMessageReporting: { default: silent },
        tsdocMessageReporting: { default: silent },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
  }),
)

try {
  const compilerState = CompilerState.create(configs[0]!, { additionalEntryPoints: entries.map(({ types }) => resolve(types)) })
  for (const config of configs) {
    const result = Extractor.invoke(config, {
      localBuild: true,
      compilerState,
      messageCallback: (message) => {
        // Its own greetings, and that it made the file which it was asked for.
        if (message.logLevel !== 'error') message.handled = true
      },
    })
    if (!result.succeeded && result.errorCount > 0) process.exitCode = 1
  }
  if (process.argv.includes('--write')) {
    rmSync(reports, { recursive: true, force: true })
    mkdirSync(reports, { recursive: true })
    for (const { name } of entries) writeFileSync(join(reports, `${name}.api.md`), readFileSync(join(work, `${name}.api.md`)))
  }
  const committed = globSync(`${reports}/*.api.md`).map((path) => basename(path, '.api.md'))
  const read = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  const changed = [...new Set([...committed, ...entries.map(({ name }) => name)])].filter(
    (name) => read(join(work, `${name}.api.md`)) !== read(join(reports, `${name}.api.md`)),
  )
  for (const name of changed) console.error(`✗ the API of ${name} is not what ${reports}/${name}.api.md says`)
  if (changed.length > 0)
    console.error('Look at the difference: `npm run api -- --write` writes it down, and CHANGELOG.md tells of it.')
  console.log(`${entries.length} subpaths, ${changed.length} changed`)
  if (changed.length > 0) process.exitCode = 1
} finally {
  rmSync(work, { recursive: true, force: true })
}
