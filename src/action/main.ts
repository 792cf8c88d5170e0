// The GitHub Action: how a run starts and ends. What it does is in run.ts.
import { guardEnding } from '../ending.ts'
import { CLOCK } from '../github/client.ts'
import { failureTitle } from '../report/failure.ts'
import { presentable } from '../settings.ts'
import { TOO_LONG, watch } from '../watchdog.ts'
import { imageOfInputs, runAction } from './run.ts'
import { filesOfFailure, tellFailure } from './runner.ts'

const THE_IMAGE = imageOfInputs()

/** Where the run is: what is told of its end depends on it. */
let isJudging = false

const ending = guardEnding((code, message) => tellFailure(THE_IMAGE, { code, message }))
// Nobody reads the log any more: the verdict is the same.
process.stdout.on('error', () => {})

const watchdog = watch({
  stream: 1,
  line: `\n::error title=${failureTitle('timeout')}::${TOO_LONG}\n`,
  files: filesOfFailure('The image', { code: 'timeout', message: TOO_LONG }),
})
watchdog.over.catch((error: unknown) => {
  if (isJudging) return
  const { code, message } = presentable(error)
  ending.settle(2)
  tellFailure(THE_IMAGE, { code, message })
  process.exit(2)
})

runAction({
  ...watchdog,
  clock: CLOCK,
  onPhase: (judging) => {
    isJudging = judging
  },
}).then((code) => {
  ending.settle(code)
  // What took too long may still run.
  if (watchdog.isOver()) process.stdout.write('', () => process.exit(code))
  watchdog.stop()
})
