// The design's arrows (docs/architecture.md), checked by `npm run lint`; test/package/arrows.test.ts plants a violation of each.
const rooms =
  'cascade|notifier|cost|templates|links|text|webhooks|samba|providers|wire|shorteners|stores|preferences|schedulers|http|telemetry|pictures|testing'
const core = '^src/(contract/|cascade/|notifier/|templates/(?!liquid)|text/|index\\.ts$)'

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'type-only imports vanish at run time and may point back',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'contract-knows-nobody', severity: 'error', from: { path: '^src/contract/' }, to: { pathNot: '^src/contract/' } },
    {
      name: 'cascade-is-pure',
      comment: 'the machine knows the contract and a time zone table; no clock, no I/O, no randomness',
      severity: 'error',
      from: { path: '^src/cascade/' },
      to: { pathNot: '^src/(contract|cascade)/|node_modules/@date-fns/tz/' },
    },
    {
      name: 'core-knows-no-adapter',
      severity: 'error',
      from: { path: core },
      to: {
        path: '^src/(cost|links|webhooks|samba|providers|wire|shorteners|stores|preferences|schedulers|http|telemetry|pictures|testing)/|^src/templates/liquid',
      },
    },
    {
      name: 'core-stays-small',
      comment: 'zod and ky load with the adapters that use them, and engines with theirs',
      severity: 'error',
      from: { path: core },
      to: { path: 'node_modules/', pathNot: 'node_modules/(@date-fns/tz|eventemitter3|nanoid)/' },
    },
    {
      name: 'core-runs-anywhere',
      comment: 'under Lambda and on edge workers too',
      severity: 'error',
      from: { path: core },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'helpers-know-the-contract-only',
      severity: 'error',
      from: { path: '^src/(wire|text)/' },
      to: { path: `^src/(${rooms})/`, pathNot: '^src/$1/' },
    },
    {
      name: 'adapters-know-the-contract-only',
      comment: 'what adapters share is in wire and text',
      severity: 'error',
      from: { path: '^src/(cost|templates|links|webhooks|samba|shorteners|stores|schedulers|http|telemetry)/' },
      to: { path: `^src/(${rooms})/`, pathNot: '^src/(wire|text|$1)/' },
    },
    {
      name: 'preferences-know-the-contract-only',
      comment: 'besides, they open and read databases as the stores do',
      severity: 'error',
      from: { path: '^src/preferences/' },
      to: { path: `^src/(${rooms})/`, pathNot: '^src/(wire|text|stores|preferences)/' },
    },
    {
      name: 'providers-know-the-contract-only',
      comment: 'besides, a provider may use the parsers of webhooks',
      severity: 'error',
      from: { path: '^src/providers/' },
      to: { path: `^src/(${rooms})/`, pathNot: '^src/(wire|text|webhooks|providers)/' },
    },
    {
      name: 'pictures-know-the-core-only',
      severity: 'error',
      from: { path: '^src/pictures/' },
      to: { path: '^src/', pathNot: `^src/pictures/|${core}` },
    },
    {
      name: 'adapters-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/(providers|stores|schedulers|shorteners)/([^/.]+)' },
      to: { path: '^src/$1/', pathNot: '^src/$1/$2[/.]' },
    },
    {
      name: 'nobody-imports-the-index',
      comment: 'it would load the whole core for one name',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'npm-optional', 'type-only'] },
    },
    { name: 'no-orphan-imports', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { conditionNames: ['@omnicascade/source', 'import', 'node', 'default'], exportsFields: ['exports'] },
  },
}
