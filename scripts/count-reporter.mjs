// A vitest reporter for test.mjs: the number of tests that passed, the names of those that failed, names and reasons of those that were skipped.
import { writeFileSync } from 'node:fs'

export default class CountReporter {
  onTestRunEnd(modules, errors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state) => tests.filter((test) => test.result().state === state)
    const failed = inState('failed').map(nameOf)
    const counts = {
      passed: inState('passed').length,
      failed: [...failed, ...modules.filter(failedOutsideTests).map(({ relativeModuleId }) => relativeModuleId)],
      skipped: inState('skipped').map((test) => ({ name: nameOf(test), reason: test.result().note })),
    }
    if (errors.length > 0) counts.failed.push(`unhandled: ${errors[0].message}`)
    writeFileSync(process.env.TEST_COUNTS_FILE, JSON.stringify(counts))
  }
}

function nameOf(test) {
  return `${test.module.relativeModuleId} > ${test.fullName}`
}

/** A file that could not be loaded, or whose hooks failed, with no failed test to show for it. */
function failedOutsideTests(module) {
  return module.state() === 'failed' && ![...module.children.allTests('failed')].length
}
