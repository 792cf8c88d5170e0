// The command that builds an image as the workflows of its repository do.
import { describe, expect, it } from 'vitest'
import { buildCommandOf } from '../../src/cli/workflow/builds.ts'
import { useFolder } from '../folder.ts'

const folder = useFolder()
const workflow = (steps: string): void =>
  folder.put('.github/workflows/build.yml', `on: push\njobs:\n  image:\n    runs-on: x\n    steps:\n${steps}`)
const ACTION = '      - uses: docker/build-push-action@v6\n        with:\n'

describe('layergate fix --build workflow', () => {
  it.each<[string, string, string]>([
    ['app', '      - run: docker build -t ghcr.io/acme/app:${{ github.sha }} .\n', 'docker build -t app .'],
    [
      'app:1',
      '      - working-directory: api\n        run: |\n          set -e\n          docker build --build-arg MODE=fast --build-arg TOKEN=${{ secrets.T }} --target run -t app:1 -f api.Dockerfile ..\n',
      'docker build -t app:1 -f api/api.Dockerfile --target run --build-arg MODE=fast --build-arg TOKEN .',
    ],
    [
      'acme/app:dev',
      `${ACTION}          context: services/api\n          file: docker/api.Dockerfile\n          target: run\n          tags: ghcr.io/acme/app:1\n          build-args: |\n            VERSION=1.2\n            TOKEN=\${{ secrets.T }}\n`,
      'docker build -t acme/app:dev -f docker/api.Dockerfile --target run --build-arg VERSION=1.2 --build-arg TOKEN services/api',
    ],
    [
      'web',
      '      - run: docker build -t api:1 api\n      - run: docker build -t web:1 web\n',
      'docker build -t web web',
    ],
  ])('%s', async (reference, steps, command) => {
    workflow(steps)
    expect(await buildCommandOf(folder.path, reference)).toBe(command)
  })

  it.each<[string, string, RegExp]>([
    ['none', '      - run: npm test\n', /no workflow of \.github\/workflows builds an image/],
    [
      'several',
      '      - run: docker build -t api:1 api\n      - run: docker build -t web:1 web\n',
      /several builds could make app \(\.github\/workflows\/build\.yml:6: job image; \.github\/workflows\/build\.yml:7: job image\)/,
    ],
    [
      'a matrix',
      `${ACTION}          context: services/\${{ matrix.service }}\n`,
      /only the workflow knows what it builds/,
    ],
  ])('%s is an error that says what to write', async (_, steps, message) => {
    workflow(steps)
    await expect(buildCommandOf(folder.path, 'app')).rejects.toThrow(message)
  })
})
