// The design's arrows (docs/architecture.md), checked by `npm run lint`.
const rooms =
  'cascade|notifier|templates|links|text|webhooks|samba|providers|wire|shorteners|stores|schedulers|http|telemetry|testing'

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    { name: 'contract-knows-nobody', severity: 'error', from: { path: '^src/contract/' }, to: { pathNot: '^src/contract/' } },
    {
      name: 'cascade-is-pure',
      comment: 'the machine knows the contract and a time zone table; no clock, no I/O, no randomness',
      severity: 'error',
      from: { path: '^src/cascade/' },
      to: { pathNot: '^src/(contract|cascade)/|^node_modules/@date-fns/tz' },
    },
    {
      name: 'core-knows-no-adapter',
      severity: 'error',
      from: { path: '^src/(notifier|templates/(?!liquid)|text|index)' },
      to: {
        path: '^src/(links|webhooks|samba|providers|wire|shorteners|stores|schedulers|http|telemetry|testing)/|^src/templates/liquid',
      },
    },
    {
      name: 'core-stays-small',
      comment: 'zod and ky load with the adapters that use them',
      severity: 'error',
      from: { path: '^src/(contract|cascade|notifier|templates/(?!liquid)|text|index)' },
      to: { path: '^node_modules/(zod|ky|liquidjs|linkify-it|nodemailer|express)/' },
    },
    {
      name: 'adapters-know-the-contract-only',
      comment: 'what adapters share is in wire and text; a provider may use its own vendor’s webhook parser',
      severity: 'error',
      from: { path: '^src/(links|webhooks|samba|providers|shorteners|stores|schedulers|http|telemetry)/' },
      to: { path: `^src/(${rooms})/`, pathNot: '^src/(wire|text|$1)/' },
    },
    {
      name: 'providers-do-not-know-each-other',
      severity: 'error',
      from: { path: '^src/providers/([^/.]+)' },
      to: { path: '^src/providers/', pathNot: '^src/providers/$1' },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm-peer', 'npm-optional'] },
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
