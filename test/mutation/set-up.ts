import fc from 'fast-check'
// The library loads these on first use, inside a test: what they do once would then count as that test's alone.
import '../../src/cascade/format-timeline.ts'
import '../../src/cascade/machine.ts'
import '../../src/cascade/plan.ts'

// Mutated code runs many times slower. What a property does not find in a second, it most likely does not find.
fc.configureGlobal({ interruptAfterTimeLimit: 1000 })
