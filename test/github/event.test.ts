// Which events bring somebody else's files, and whose policy counts then.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { type RunContext, readContext } from '../../src/github/event.ts'
import { useFolder } from '../folder.ts'

const [HEAD, BASE, SHA] = ['f'.repeat(40), 'b'.repeat(40), 'a'.repeat(40)]
const folder = useFolder()

/** @param payload of the event file: data, or the text itself; none for undefined */
function contextOf(name: string, payload?: unknown, env: Record<string, string> = {}): RunContext {
  const file = path.join(folder.path, 'event.json')
  if (payload !== undefined) writeFileSync(file, typeof payload === 'string' ? payload : JSON.stringify(payload))
  return readContext({
    GITHUB_EVENT_NAME: name,
    GITHUB_SHA: SHA,
    GITHUB_REPOSITORY: 'acme/app',
    ...(payload === undefined ? {} : { GITHUB_EVENT_PATH: file }),
    ...env,
  })
}
const pull = (base: unknown): object => ({ pull_request: { number: 1, head: { sha: HEAD }, base } })

describe('the commit that decides', () => {
  it.each<[string, string, unknown, string]>([
    ['a pull request', 'pull_request', pull({ sha: BASE }), BASE],
    ['one that has rights', 'pull_request_target', pull({ sha: BASE }), BASE],
    ['a review', 'pull_request_review', pull({ sha: BASE }), BASE],
    ['a comment on a line', 'pull_request_review_comment', pull({ sha: BASE }), BASE],
    ["Gitea's synchronisation", 'pull_request_sync', pull({ sha: BASE }), BASE],
    ['the merge queue', 'merge_group', { merge_group: { base_sha: BASE } }, BASE],
    ['a run after another', 'workflow_run', { workflow_run: { id: 1, event: 'pull_request', head_sha: HEAD } }, SHA],
    ['a comment', 'issue_comment', { issue: { number: 1, pull_request: {} } }, SHA],
    ['an event of another name with a pull request', 'some_event', pull({ sha: BASE }), BASE],
  ])('of %s', (_name, event, payload, commit) => {
    expect(contextOf(event, payload)).toMatchObject({ isProposed: true, baseCommit: commit })
  })

  it.each<[string, string, unknown, Record<string, string>]>([
    ['no event file', 'pull_request', undefined, {}],
    ['an event file that is not there', 'pull_request', undefined, { GITHUB_EVENT_PATH: '/nowhere/event.json' }],
    ['a directory', 'pull_request', undefined, { GITHUB_EVENT_PATH: '/' }],
    ['a device', 'pull_request', undefined, { GITHUB_EVENT_PATH: '/dev/zero' }],
    ['no JSON', 'pull_request', '{', {}],
    ['JSON that is no object', 'pull_request', '[1]', {}],
    ['null', 'merge_group', 'null', {}],
    ['no base', 'pull_request', pull(undefined), {}],
    ['a base that is no commit', 'pull_request', pull({ sha: 'main' }), {}],
    ['a base of another type', 'pull_request_target', pull([BASE]), {}],
    ['no pull request at all', 'pull_request', {}, {}],
    ['a merge group without its base', 'merge_group', { merge_group: { head_sha: HEAD } }, {}],
    ['no name of the event', '', {}, {}],
    ['a branch of a pull request by the variable alone', 'push', {}, { GITHUB_HEAD_REF: 'feature' }],
    ['a run after another without its commit', 'workflow_run', {}, { GITHUB_SHA: '' }],
  ])('is not known with %s', (_name, event, payload, env) => {
    expect(contextOf(event, payload, env)).toMatchObject({ isProposed: true, baseCommit: null })
  })

  it.each(['push', 'schedule', 'workflow_dispatch', 'release', 'create', 'repository_dispatch', 'workflow_call'])(
    'is that of the checkout on %s',
    (event) => {
      expect(contextOf(event, {})).toMatchObject({ isProposed: false, baseCommit: null })
      expect(contextOf(event)).toMatchObject({ isProposed: false })
    },
  )
})

it('the merge of a pull request is one of its commits, the base that pull_request_target runs on is not', () => {
  expect(contextOf('pull_request', pull({ sha: BASE })).proposed).toEqual([HEAD, SHA])
  expect(contextOf('pull_request_target', pull({ sha: BASE })).proposed).toEqual([HEAD])
  expect(contextOf('workflow_run', { workflow_run: { id: 1, event: 'push', head_sha: HEAD } }).proposed).toEqual([HEAD])
})
