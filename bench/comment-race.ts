// Lets many jobs write the one comment at once: node bench/comment-race.ts [JOBS] [ROUNDS]
//
// Each job starts within 300 ms and waits up to half a second around every request, against the stand-in of GitHub's API. Prints how
// long a round took, and exits with 1 when a section was lost, or more than one comment was left.
import { GitHub } from '../test/github.ts'

const [jobs = 4, rounds = 30] = process.argv.slice(2).map(Number)
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const api = new GitHub()
process.env['GITHUB_API_URL'] = await api.start()
// The address is read when the client is loaded.
const { connect } = await import('../src/github/client.ts')
const { updateComment } = await import('../src/github/comment.ts')

async function write(job: number): Promise<void> {
  await pause(Math.random() * 300)
  const octokit = connect('a-token')
  octokit.hook.before('request', () => pause(20 + Math.random() * 300))
  octokit.hook.after('request', () => pause(20 + Math.random() * 200))
  await updateComment(octokit, { owner: 'acme', repo: 'app', number: 7 }, `job-${job}`, () => `### ❌ job-${job}`, {
    always: true,
    hasNews: true,
  })
}

let [lost, several, slowest] = [0, 0, 0]
for (let round = 0; round < rounds; round++) {
  api.reset()
  const started = performance.now()
  await Promise.all(Array.from({ length: jobs }, (_, job) => write(job)))
  slowest = Math.max(slowest, performance.now() - started)
  const [comment, ...others] = api.comments
  if (others.length > 0) several++
  if (
    Array.from({ length: jobs }, (_, job) => job).some((job) => comment?.body.includes(`### ❌ job-${job}\n`) !== true)
  )
    lost++
}
api.stop()
process.stdout.write(
  `${rounds} rounds of ${jobs} jobs: ${lost} with a lost section, ${several} with several comments; the slowest took ${(slowest / 1000).toFixed(1)} s\n`,
)
process.exitCode = lost + several === 0 ? 0 : 1
