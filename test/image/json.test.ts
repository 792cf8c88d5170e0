// Documents of an image: what Go's decoder takes in one way is read, what two readers could take differently is refused.
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/image/config.ts'
import { parseJson } from '../../src/image/json.ts'
import { limitsOf } from '../../src/limits.ts'
import { Layout } from '../layout-builder.ts'
import { readArchive } from '../open-image.ts'

const parse = (text: string | Buffer, depth = 256): unknown =>
  parseJson(Buffer.from(text), 'config.json', limitsOf({ 'json-depth': depth }))

describe('JSON', () => {
  it.each([
    ['plain', '{"a":[1,{"b":null}],"c":"{\\"a\\":1,\\"a\\":2}"}'],
    ['equal keys in different objects', '[{"a":1},{"a":2},{"a":{"a":3}}]'],
    ['keys in another case', '{"maintainer":1,"MAINTAINER":2}'],
    ['values that look like keys', '{"a":"b","b":"a","c":["a","a","a"]}'],
    ['an empty key', '{"":1}'],
    ['the names of the language', '{"__proto__":1,"constructor":2}'],
  ])('%s', (_name, text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  it.each([
    ['"\\ud800"', '\ufffd'],
    ['"a\\udc00b"', 'a\ufffdb'],
    ['"\\ud83d\\ude00"', '\u{1f600}'],
    ['"\\ud83d\\ud83d\\ude00"', '\ufffd\u{1f600}'],
    ['"\\\\ud800"', '\\ud800'],
  ])('halves of characters are replaced, as Go does: %s', (text, value) => {
    expect(parse(text)).toBe(value)
  })

  it.each([
    ['a key twice', '{"User":"1",\n"User":"0"}', /config\.json: line 2 holds the key "User" a second time/],
    ['a key twice, once by escapes', '{"User":"1","\\u0055ser":"0"}', /holds the key "User" a second time/],
    ['a key twice, deep inside', '{"a":[[{"b":{"c":1,"d":[],"c":2}}]]}', /holds the key "c" a second time/],
    ['a key twice, in a list behind an object', '[{"a":{}},{"x":[1,2],"x":3}]', /holds the key "x" a second time/],
    ['an empty key twice', '{"":1,"":2}', /holds the key "" a second time/],
    ['equal values twice', '{"a":1,"a":1}', /holds the key "a" a second time/],
    ['a key of half characters twice', '{"\\ud800":1,"\\ud801":2}', /a second time/],
    ['what follows the document', '{} {}', /is not valid JSON/],
    ['a byte order mark', '\ufeff{}', /is not valid JSON/],
    ['bytes that are no UTF-8', Buffer.from('7b2261223a22ff227d', 'hex'), /is not valid JSON \(it is no UTF-8\)/],
    ['NaN', '{"a":NaN}', /is not valid JSON/],
    ['a comment', '{/* */}', /is not valid JSON/],
    ['a comma too many', '{"a":1,}', /is not valid JSON/],
    ['single quotes', "{'a':1}", /is not valid JSON/],
    ['nothing', '', /is not valid JSON/],
    ['half a document', '{"a":[1', /is not valid JSON/],
  ])('%s is refused', (_name, text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  it.each([
    ['lists', '['.repeat(3_000_000)],
    ['objects', '{"a":'.repeat(3_000_000)],
    ['one more than the limit', `${'['.repeat(257)}${']'.repeat(257)}`],
  ])('%s in each other end in an error that names the limit, not in the stack', (_name, text) => {
    expect(() => parse(text)).toThrow(/^config\.json nests arrays and objects deeper than 256 \(limits\.json-depth\)/)
  })

  it('as deep as the limit is read', () => {
    expect(parse(`${'['.repeat(256)}${']'.repeat(256)}`)).toHaveLength(1)
    expect(() => parse('[[[]]]', 2)).toThrow(/deeper than 2/)
  })
})

const DIFF_ID = `sha256:${'0'.repeat(64)}`
/** A configuration whose `config` and top level hold more. */
const configOf = (run: string, top = ''): Buffer =>
  Buffer.from(`{"architecture":"amd64","os":"linux","rootfs":{"diff_ids":["${DIFF_ID}"]},"config":{${run}}${top}}`)
const read = (run: string, top = '') => parseConfig(configOf(run, top), 'config.json')

describe('a configuration as Go reads it', () => {
  it.each([
    ['a field in another case', '"user":"7"', '7'],
    ['in capitals', '"USER":"7"', '7'],
    ['with a long s', '"U\u017fer":"7"', '7'],
    ['by escapes', '"\\u0075\\u017fer":"7"', '7'],
    ['null', '"User":null', null],
    ['a word that folds into no field', '"User\u0130":"7","User":"8"', '8'],
  ])('%s', (_name, run, user) => {
    expect(read(run).run.User).toBe(user)
  })

  it('fields of all its parts in another case', () => {
    const { run, history, diffIds } = parseConfig(
      Buffer.from(
        `{"OS":"linux","Architecture":"arm64","ROOTFS":{"Diff_IDs":["${DIFF_ID}"]},"Config":{"env":["A=1"],"healthchec\u212a":{"test":["NONE"]}},"History":[{"Created_By":"RUN x"}]}`,
      ),
      'config.json',
    )
    expect({ env: run.Env, check: run.Healthcheck?.Test, by: history?.[0]?.createdBy, diffIds }).toEqual({
      env: ['A=1'],
      check: ['NONE'],
      by: 'RUN x',
      diffIds: [DIFF_ID],
    })
  })

  it.each([
    ['User and user', '"User":"1000","user":"0"', '', /holds "User" and "user": engines take both for User/],
    ['user and User', '"user":"0","User":"1000"', '', /engines take both for User/],
    ['Env and ENV', '"Env":[],"ENV":["A=1"]', '', /engines take both for Env/],
    ['config and Config', '', ',"Config":{"User":"0"}', /engines take both for config/],
    ['os and OS', '', ',"OS":"windows"', /engines take both for os/],
    ['a long s', '"User":"1000","U\u017fer":"0"', '', /engines take both for User/],
    [
      'the Kelvin sign',
      '"WorkingDir":"/","Healthcheck":null,"Healthchec\u212a":{"Test":[]}',
      '',
      /engines take both for Healthcheck/,
    ],
    [
      'created_by and CREATED_BY',
      '',
      ',"history":[{"created_by":"a","CREATED_BY":"b"}]',
      /engines take both for created_by/,
    ],
    [
      'what nobody reads, twice',
      '',
      ',"docker_version":"1","Docker_Version":"2"',
      /engines take both for docker_version/,
    ],
    ['two cases, none of them the name', '"USER":"1000","user":"0"', '', /engines take both for User/],
  ])('%s: two keys for one field are refused', (_name, run, top, message) => {
    expect(() => read(run, top)).toThrow(message)
  })

  it.each([
    ['a label that is null', '"Labels":{"a":null}', ({ run }: ReturnType<typeof read>) => run.Labels, { a: '' }],
    ['labels that are null', '"Labels":null', ({ run }: ReturnType<typeof read>) => run.Labels, {}],
    [
      'labels in two cases',
      '"Labels":{"maintainer":"a","MAINTAINER":"b"}',
      ({ run }: ReturnType<typeof read>) => run.Labels,
      { maintainer: 'a', MAINTAINER: 'b' },
    ],
    [
      'ports in two cases',
      '"ExposedPorts":{"80/tcp":{},"80/TCP":{}}',
      ({ run }: ReturnType<typeof read>) => run.ExposedPorts,
      ['80/tcp', '80/TCP'],
    ],
    ['a variable that is null', '"Env":["A=1",null]', ({ run }: ReturnType<typeof read>) => run.Env, ['A=1', '']],
    ['a command that is a string', '"Cmd":"echo hi"', ({ run }: ReturnType<typeof read>) => run.Cmd, ['echo hi']],
    [
      'an entrypoint that is a string',
      '"Entrypoint":"/run.sh"',
      ({ run }: ReturnType<typeof read>) => run.Entrypoint,
      ['/run.sh'],
    ],
    ['a command that is null', '"Cmd":null', ({ run }: ReturnType<typeof read>) => run.Cmd, null],
  ])('%s', (_name, run, pick, expected) => {
    expect(pick(read(run))).toEqual(expected)
  })

  it('history entries that are null are empty ones', () => {
    expect(read('', ',"history":[null,{"created_by":"x"}]').history?.map(({ createdBy }) => createdBy)).toEqual([
      '',
      'x',
    ])
  })

  it.each([
    ['a number for a string', '"User":0'],
    ['a list for a map', '"Labels":["a"]'],
    ['a number among labels', '"Labels":{"a":1}'],
    ['a string for a list', '"Env":"A=1"'],
    ['a word for a truth', '"User":true'],
  ])('%s is refused, as Go does', (_name, run) => {
    expect(() => read(run)).toThrow(/^config\.json: config\.\w+/)
  })
})

describe('every document of an image is read so', () => {
  const twice = (text: string, key: string): string => text.replace(`"${key}":`, `"${key}":null,"${key}":`)
  const layoutWith = async (change: (layout: Layout) => void): Promise<Buffer> => {
    const layout = new Layout()
    const { descriptor, config, layer } = await layout.image(
      {},
      { annotations: { 'io.containerd.image.name': 'docker.io/demo/app:1' } },
    )
    layout.index.push(descriptor)
    const blob = (of: { digest: string }): string => `blobs/sha256/${of.digest.slice(7)}`
    layout.more['manifest.json'] = JSON.stringify([
      { Config: blob(config), RepoTags: ['demo/app:1'], Layers: [blob(layer)] },
    ])
    change(layout)
    return layout.archive()
  }

  it('as it is, it opens', async () => {
    expect((await readArchive(await layoutWith(() => {}))).name).toBe('docker.io/demo/app:1')
  })

  it.each([
    [
      'index.json',
      (layout: Layout) =>
        (layout.more['index.json'] = twice(JSON.stringify({ schemaVersion: 2, manifests: layout.index }), 'manifests')),
      /index\.json: line 1 holds the key "manifests"/,
    ],
    [
      'manifest.json',
      (layout: Layout) => (layout.more['manifest.json'] = twice(String(layout.more['manifest.json']), 'Config')),
      /manifest\.json: line 1 holds the key "Config"/,
    ],
    [
      'manifest.json in two cases',
      (layout: Layout) =>
        (layout.more['manifest.json'] = String(layout.more['manifest.json']).replace(
          '"Config":',
          '"config":"x","Config":',
        )),
      /engines take both for Config/,
    ],
    [
      'repositories',
      (layout: Layout) => (layout.more['repositories'] = '{"a":{"1":"x"},"a":{"1":"y"}}'),
      /repositories: line 1 holds the key "a"/,
    ],
    [
      'a manifest',
      (layout: Layout) => {
        const [descriptor] = layout.index
        const text = String(layout.blobs.get(`blobs/sha256/${descriptor?.digest.slice(7)}`))
        layout.index[0] = layout.blob(
          text.replace('"layers":', '"Layers":[],"layers":'),
          'application/vnd.oci.image.manifest.v1+json',
        )
      },
      /engines take both for layers/,
    ],
  ])('%s', async (_name, change, message) => {
    await expect(readArchive(await layoutWith(change))).rejects.toThrow(message)
  })
})
