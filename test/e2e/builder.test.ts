// Options for secrets, put into the command that builds.
import { describe, expect, it } from 'vitest'
import { withOptions } from '../../src/cli/builder.ts'

const NPMRC = '--secret id=npmrc,src=.npmrc'
const TOKEN = '--secret id=TOKEN,env=TOKEN'

describe('a build command with the options of a change', () => {
  it.each<[string, readonly string[], string]>([
    ['docker build -t app .', [NPMRC], 'docker build --secret id=npmrc,src=.npmrc -t app .'],
    ['docker buildx build . --load', [NPMRC], 'docker buildx build --secret id=npmrc,src=.npmrc . --load'],
    ['cd api && podman build .', [NPMRC], 'cd api && podman build --secret id=npmrc,src=.npmrc .'],
    ['buildah bud .', [NPMRC], 'buildah bud --secret id=npmrc,src=.npmrc .'],
    ['docker build .', ['--secret id=x,src=my file'], "docker build --secret 'id=x,src=my file' ."],
    ['docker build --secret id=npmrc,src=other .', [NPMRC], 'docker build --secret id=npmrc,src=other .'],
    ['docker build --build-arg TOKEN=$T .', [TOKEN], 'TOKEN=$T docker build --secret id=TOKEN,env=TOKEN .'],
    [
      'docker build --build-arg TOKEN="$T" -t a .',
      [TOKEN],
      'TOKEN="$T" docker build --secret id=TOKEN,env=TOKEN -t a .',
    ],
    [`docker build --build-arg "TOKEN=$T" .`, [TOKEN], `TOKEN="$T" docker build --secret id=TOKEN,env=TOKEN .`],
    ['docker build --build-arg=SET .', ['--secret id=SET,env=SET'], 'docker build --secret id=SET,env=SET .'],
    ['docker build --build-arg OTHER=1 .', [], 'docker build --build-arg OTHER=1 .'],
    ['make image', [], 'make image'],
  ])('%s with %j', (command, options, expected) => {
    expect(withOptions(command, options, { SET: '1' }, () => false)).toEqual({ command: expected, missing: null })
  })

  it('an argument that another stage takes too stays', () => {
    expect(
      withOptions('docker build --build-arg SET .', ['--secret id=SET,env=SET'], { SET: '1' }, () => true),
    ).toEqual({
      command: 'docker build --secret id=SET,env=SET --build-arg SET .',
      missing: null,
    })
  })

  it.each<[string, readonly string[], RegExp]>([
    ['docker build .', [TOKEN], /set the variable TOKEN/],
    ['docker build --build-arg TOKEN .', [TOKEN], /set the variable TOKEN/],
    ['docker build .', ['--secret id=k,src=FILE'], /where FILE holds the value: add it to --build/],
    ['make image', [NPMRC], /add it to what --build runs/],
  ])('%s with %j says what is missing', (command, options, missing) => {
    expect(withOptions(command, options, {}, () => false)).toEqual({
      command: null,
      missing: expect.stringMatching(missing),
    })
  })
})
