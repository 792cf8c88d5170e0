// The patch that `layergate init --github` prints: applied by git, it is a workflow with the gate between build and push.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { proposeWorkflow } from '../src/cli/workflow/propose.ts'

let folder = ''
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Step {
  uses?: string
  run?: string
  if?: string
  env?: Record<string, string>
  with?: Record<string, string | boolean>
}

interface Workflow {
  permissions?: unknown
  jobs: Record<string, { permissions?: Record<string, string>; steps: Step[] }>
}

const at = (name: string): string => path.join(folder, name)

/** Applies the patch to a repository with these files. */
async function applied(
  files: Readonly<Record<string, string>>,
): Promise<{ workflow: Workflow; notes: string; patch: string }> {
  folder = mkdtempSync(path.join(tmpdir(), 'layergate-init-'))
  execFileSync('git', ['init', '-q', folder])
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(at(name)), { recursive: true })
    writeFileSync(at(name), text)
  }
  const { patch, notes } = await proposeWorkflow(folder)
  if (patch !== '') execFileSync('git', ['-C', folder, 'apply', '-'], { input: patch })
  const file =
    [...Object.keys(files).filter((name) => name.startsWith('.github')), '.github/workflows/image-gate.yml'][0] ?? ''
  return {
    workflow: patch === '' && !(file in files) ? { jobs: {} } : (parse(readFileSync(at(file), 'utf8')) as Workflow),
    notes: notes.join('\n'),
    patch,
  }
}

const job = (steps: string, more = ''): Record<string, string> => ({
  '.github/workflows/build.yml': `on: { pull_request: {}, push: {} }\nenv:\n  IMAGE: acme/app\njobs:\n  image:\n    runs-on: ubuntu-latest\n${more}    steps:\n      - uses: actions/checkout@v4\n${steps}`,
})
const names = ({ jobs }: Workflow): string[] =>
  (jobs['image']?.steps ?? []).map(({ uses, run }) => uses?.replace(/@.*/, '') ?? run?.trim() ?? '')
const gate = ({ jobs }: Workflow): Step['with'] =>
  jobs['image']?.steps.find(({ uses }) => uses?.includes('layergate@'))?.with

describe('the gate stands between build and push', () => {
  it('behind docker/build-push-action that loads', async () => {
    const { workflow } = await applied(
      job(
        '      - id: build\n        uses: docker/build-push-action@v6\n        with:\n          context: web\n          target: final\n          load: true\n          tags: app:1\n      - run: docker push app:1\n',
      ),
    )
    expect(names(workflow)).toEqual([
      'actions/checkout',
      'docker/build-push-action',
      'layergate/layergate',
      'docker push app:1',
    ])
    expect(gate(workflow)).toEqual({
      image: 'app:1',
      dockerfile: 'web/Dockerfile',
      context: 'web',
      target: 'final',
      'build-metadata': '${{ steps.build.outputs.metadata }}',
    })
  })

  it('behind one that pushes: it writes an archive, that is judged, and those bytes are pushed', async () => {
    const { workflow, notes } = await applied(
      job(
        "      - uses: docker/build-push-action@v6\n        if: github.actor != 'x'\n        with:\n          file: docker/app.Dockerfile\n          push: ${{ github.ref_name == 'main' }}\n          tags: ${{ steps.meta.outputs.tags }}\n          platforms: linux/amd64,linux/arm64\n          secrets: |\n            a=b\n            c=d\n          cache-from: type=gha\n",
      ),
    )
    expect(names(workflow)).toEqual([
      'actions/checkout',
      'docker/build-push-action',
      'layergate/layergate',
      'layergate/layergate',
      'for tag in ${TAGS//,/ }; do\n  skopeo copy --all --preserve-digests "oci-archive:$RUNNER_TEMP/image.tar" "docker://$tag"\ndone',
    ])
    expect(workflow.jobs['image']?.steps[1]?.with).toEqual({
      file: 'docker/app.Dockerfile',
      outputs: 'type=oci,dest=${{ runner.temp }}/image.tar',
      platforms: 'linux/amd64,linux/arm64',
      secrets: 'a=b\nc=d\n',
      'cache-from': 'type=gha',
    })
    expect(workflow.jobs['image']?.steps[4]).toMatchObject({
      if: "(github.actor != 'x') && (github.ref_name == 'main')",
      env: { TAGS: '${{ steps.meta.outputs.tags }}' },
    })
    expect(gate(workflow)).toEqual({
      image: '${{ runner.temp }}/image.tar',
      name: 'linux-amd64',
      platform: 'linux/amd64',
      dockerfile: 'docker/app.Dockerfile',
    })
    expect(workflow.jobs['image']?.steps[3]?.with).toMatchObject({ name: 'linux-arm64', platform: 'linux/arm64' })
    expect(notes).not.toContain('is written on one line')
  })

  it('several tags of one that always pushes', async () => {
    const { workflow } = await applied(
      job(
        '      - name: Build\n        uses: docker/build-push-action@v6\n        with:\n          push: true\n          load: false\n          tags: |\n            acme/app:1\n            acme/app:latest\n          context: services/api\n',
      ),
    )
    const [, build, , push] = workflow.jobs['image']?.steps ?? []
    expect(build?.with).toEqual({ outputs: 'type=oci,dest=${{ runner.temp }}/image.tar', context: 'services/api' })
    expect(push).toMatchObject({ env: { TAGS: 'acme/app:1\nacme/app:latest\n' } })
    expect(push).not.toHaveProperty('if')
    expect(gate(workflow)).toMatchObject({ context: 'services/api', dockerfile: 'services/api/Dockerfile' })
  })

  it('each job of a matrix has a name of its own', async () => {
    const { workflow } = await applied(
      job(
        '      - run: docker build -t app:1 ${{ matrix.service }}\n',
        '    strategy:\n      matrix:\n        service: [api, web]\n        node: [20, 22]\n        exclude: []\n',
      ),
    )
    expect(gate(workflow)).toMatchObject({ name: 'image-${{ matrix.service }}-${{ matrix.node }}' })
  })

  it('each image of compose has a step and a name of its own', async () => {
    const compose =
      'services:\n  api:\n    image: acme/api:1\n    build: { context: services/api, dockerfile: api.Dockerfile, target: run }\n  web:\n    image: acme/web:1\n    build: web\n  db:\n    image: postgres:17\n'
    const { workflow } = await applied({ ...job('      - run: docker compose build\n'), 'compose.yaml': compose })
    const gates = workflow.jobs['image']?.steps
      .filter(({ uses }) => uses?.includes('layergate@'))
      .map((step) => step.with)
    expect(gates).toEqual([
      {
        image: 'acme/api:1',
        name: 'api',
        dockerfile: 'services/api/api.Dockerfile',
        context: 'services/api',
        target: 'run',
      },
      { image: 'acme/web:1', name: 'web', dockerfile: 'web/Dockerfile', context: 'web' },
    ])
    rmSync(folder, { recursive: true, force: true })
    const one = await applied({ ...job('      - run: docker-compose build web\n'), 'docker-compose.yml': compose })
    expect(gate(one.workflow)).toMatchObject({ image: 'acme/web:1' })
  })

  it.each([
    ['make image', 'Makefile', 'image: deps\n\t@docker build -t app:1 .\n'],
    ['make -C api image', 'api/Makefile', 'image:\n\tdocker build -t app:1 .\n'],
    ['./scripts/build.sh --fast', 'scripts/build.sh', '#!/bin/sh\nset -e\ndocker build -t app:1 .\n'],
    ['bash scripts/build.sh', 'scripts/build.sh', 'if true; then\n  docker build -t app:1 .\nfi\n'],
  ])('behind %s, which builds', async (command, file, text) => {
    const { workflow } = await applied({ ...job(`      - run: ${command}\n`), [file]: text })
    expect(gate(workflow)).toEqual({ image: 'app:1' })
  })

  it('behind one that writes a file', async () => {
    const { workflow } = await applied(
      job('      - uses: docker/build-push-action@v6\n        with:\n          outputs: type=oci,dest=out/image.tar\n'),
    )
    expect(gate(workflow)).toEqual({ image: 'out/image.tar' })
  })

  it('in a script that builds and then pushes, cut in two', async () => {
    const { workflow } = await applied(
      job(
        '      - run: |\n          set -e\n          docker build -t "$IMAGE:${{ github.sha }}" -f web/Dockerfile .\n          docker push "$IMAGE:${{ github.sha }}"\n          echo done\n',
      ),
    )
    expect(names(workflow)).toEqual([
      'actions/checkout',
      'set -e\ndocker build -t "$IMAGE:${{ github.sha }}" -f web/Dockerfile .',
      'layergate/layergate',
      'docker push "$IMAGE:${{ github.sha }}"\necho done',
    ])
    expect(gate(workflow)).toEqual({ image: '${{ env.IMAGE }}:${{ github.sha }}', dockerfile: 'web/Dockerfile' })
  })

  it.each([
    ['buildah bud -t app:1 .', 'app:1'],
    ['podman build --tag=app:1 .', 'app:1'],
    ['docker buildx build --load -t app:$GITHUB_SHA .', 'app:${{ github.sha }}'],
    ['docker buildx build -o type=oci,dest=image.tar .', 'image.tar'],
  ])('behind %s', async (command, image) => {
    expect(gate((await applied(job(`      - run: ${command}\n`))).workflow)).toMatchObject({ image })
  })
})

describe('what a person must decide is said, and not written', () => {
  it.each([
    ['      - run: docker buildx build --push -t app:1 .\n', /builds and pushes in one command/],
    ['      - run: docker build -t app:$(git describe) .\n', /known to the script alone/],
    ['      - run: docker build .\n', /the build has no tag/],
    [
      '      - run: |\n          TAG=1\n          docker build -t app:1 .\n          docker push app:1\n',
      /cut it in two steps/,
    ],
    ['      - run: docker build -t app:1 . && docker push app:1\n', /cut it in two steps/],
    ['      - uses: docker/bake-action@v6\n', /bake-action/],
    [
      '      - uses: docker/build-push-action@v6\n        with: { push: true, tags: app:1 }\n',
      /its build pushes, and is written on one line/,
    ],
    ['      - uses: docker/build-push-action@v6\n        with:\n          context: .\n', /its build keeps no image/],
    [
      '      - run: docker build -t app:1 .\n      - uses: acme/layergate@abc\n        with: { image: app:1 }\n',
      /has the gate already/,
    ],
  ])('%j', async (steps, note) => {
    const { patch, notes } = await applied(job(steps))
    expect(patch).toBe('')
    expect(notes).toMatch(note)
  })

  it.each<[string, string, string, RegExp]>([
    [
      'make image',
      'Makefile',
      'TAG := 1\nimage:\n\tdocker build -t app:$(TAG) .\n',
      /make image builds an image \(Makefile:3\): .* with the image's name/,
    ],
    [
      './release.sh',
      'release.sh',
      'docker build -t app:1 .\ndocker push app:1\n',
      /\(release\.sh:1\), and pushes it: build and push in two steps: .* with image: app:1/,
    ],
    [
      'docker compose build',
      'compose.yml',
      'services:\n  api:\n    build: .\n',
      /the service api of compose has no image: of its own/,
    ],
    ['docker compose build --push', 'compose.yml', 'services: {}\n', /compose builds and pushes in one command/],
  ])('%s', async (command, file, text, note) => {
    const { patch, notes } = await applied({ ...job(`      - run: ${command}\n`), [file]: text })
    expect(patch).toBe('')
    expect(notes).toMatch(note)
    expect(notes).toMatch(/^\.github\/workflows\/build\.yml:\d+: job image: /)
  })

  it.each([
    ['docker-bake.hcl', 'group "default" {}\ntarget "_common" {\n}\ntarget "api" {\n}\ntarget "web" {\n}\n'],
    ['docker-bake.json', '{ "target": { "api": {}, "web": {} } }'],
  ])('the targets of %s', async (file, text) => {
    const { patch, notes } = await applied({ ...job('      - uses: docker/bake-action@v6\n'), [file]: text })
    expect(patch).toBe('')
    expect(notes).toContain('docker/bake-action (api, web): let it load: true')
  })

  it('a workflow that no pull request starts', async () => {
    const files = job('      - run: docker build -t app:1 .\n')
    const [[name, text] = ['', '']] = Object.entries(files)
    expect((await applied({ [name]: text.replace('pull_request: {}, ', '') })).notes).toContain(
      'does not run on pull_request',
    )
  })
})

describe('rights', () => {
  const build = '      - run: docker build -t app:1 .\n'
  it.each([
    ['none are said', '', { contents: 'read', 'pull-requests': 'write' }],
    [
      'the job has some',
      '    permissions:\n      contents: read\n      id-token: write\n',
      { contents: 'read', 'id-token': 'write', 'pull-requests': 'write' },
    ],
    ['the job has it', '    permissions:\n      pull-requests: write\n', { 'pull-requests': 'write' }],
  ])('where %s', async (_name, more, expected) => {
    expect((await applied(job(build, more))).workflow.jobs['image']?.permissions).toEqual(expected)
  })

  it('those of the workflow go on in the job', async () => {
    const files = job(build)
    const [[name, text] = ['', '']] = Object.entries(files)
    expect(
      (await applied({ [name]: `permissions:\n  contents: read\n  packages: write\n${text}` })).workflow.jobs['image']
        ?.permissions,
    ).toEqual({
      contents: 'read',
      packages: 'write',
      'pull-requests': 'write',
    })
  })
})

describe('a repository without a workflow that builds', () => {
  it('gets one, pinned and with least rights, a job for each Dockerfile', async () => {
    const { workflow, patch } = await applied({ Dockerfile: 'FROM scratch\n', 'web/Dockerfile': 'FROM scratch\n' })
    expect(workflow.permissions).toEqual({})
    expect(Object.keys(workflow.jobs)).toHaveLength(2)
    for (const { permissions, steps } of Object.values(workflow.jobs)) {
      expect(permissions).toEqual({ contents: 'read', 'pull-requests': 'write' })
      for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/@[0-9a-f]{40}$/)
    }
    expect(patch).toContain('dockerfile: web/Dockerfile')
  })

  it('and without a Dockerfile is told that there is nothing to do', async () => {
    expect((await applied({ 'README.md': 'x' })).notes).toContain('there is nothing to gate')
  })
})
