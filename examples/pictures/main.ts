// npm run docs:pictures: the pictures of the README, drawn from real output. `test/pictures/readme.test.ts` holds them against the code.
import { writeFileSync } from 'node:fs'
import { pictures } from './pictures.ts'

for (const [name, svg] of Object.entries(await pictures())) writeFileSync(`docs/img/${name}.svg`, svg)
