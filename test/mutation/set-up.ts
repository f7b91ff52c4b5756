import fc from 'fast-check'

// Mutated code runs many times slower. What a property does not find in two seconds, it most likely does not find.
fc.configureGlobal({ interruptAfterTimeLimit: 2000 })
