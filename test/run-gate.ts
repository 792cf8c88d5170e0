// Runs the gate on an image in memory.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { detectorsOfIocs, parseIocs } from '../src/forensics/iocs.ts'
import { runGate } from '../src/gate.ts'
import type { Outcome } from '../src/outcome/outcome.ts'
import type { GivenBaseline } from '../src/policy/authority.ts'
import { PRESETS } from '../src/policy/config.ts'
import { parseConfigText } from '../src/policy/load.ts'
import { compileOwn } from '../src/policy/own-detectors.ts'
import { mergeConfigs, toPolicy } from '../src/policy/policy.ts'
import { useDetectors } from '../src/secrets/scanner.ts'

export interface RunOptions {
  readonly dockerfile?: string | null
  /** Text of .layergate.yml. */
  readonly policy?: string
  readonly now?: Date
  readonly image?: string | null
  readonly platform?: string | null
  /** Folder of the checkout; none is searched where none is given. */
  readonly checkout?: string | null
  readonly buildMetadata?: string | null
  /** The Dockerfile was named by the user. */
  readonly isNamed?: boolean
  readonly name?: string
  readonly baseline?: GivenBaseline | null
  readonly key?: string | null
  /** Where the Dockerfile lies in the checkout. */
  readonly dockerfilePath?: string
  /** Name of the archive's file. */
  readonly file?: string
  /** Text of a file of indicators. */
  readonly iocs?: string
  /** Takes stock of the final tree too. */
  readonly takesInventory?: boolean
}

const NOW = new Date('2026-11-23T12:00:00Z')

/** Judges an archive; the recommended policy where none is given. @throws GateError */
export async function judgeArchive(
  archive: Buffer,
  {
    dockerfile = null,
    policy = '',
    now = NOW,
    image = null,
    platform = null,
    checkout = null,
    buildMetadata = null,
    isNamed = true,
    name = 'image',
    baseline = null,
    key = 'a key of the tests',
    dockerfilePath = 'Dockerfile',
    file: fileName = 'image.tar',
    iocs: given,
    takesInventory = false,
  }: RunOptions = {},
): Promise<Outcome> {
  const folder = await mkdtemp(path.join(tmpdir(), 'layergate-test-'))
  try {
    const file = path.join(folder, fileName)
    await writeFile(file, archive)
    const config = parseConfigText('.layergate.yml', policy)
    const preset = typeof config.extends === 'string' ? (PRESETS[config.extends] ?? {}) : {}
    const rules = toPolicy('.layergate.yml', mergeConfigs([PRESETS['recommended'] ?? {}, preset, config]))
    const iocs = given === undefined ? undefined : parseIocs('iocs.txt', given)
    return await runGate({
      ...(iocs === undefined ? {} : { iocs }),
      reference: file,
      open: {
        image,
        platform,
        temporary: folder,
        stdin: (async function* () {})(),
        limits: rules.limits,
        bareNames: 'file-first',
      },
      policy: rules,
      build: {
        dockerfiles: dockerfile === null ? [] : [{ path: dockerfilePath, text: dockerfile }],
        isNamed,
        target: null,
        checkout,
        context: null,
        buildMetadata,
        temporary: folder,
      },
      now,
      name,
      baseline,
      authority: { from: 'checkout' },
      warnings: [],
      key,
      onProgress: () => {},
      scanner: useDetectors([...compileOwn(rules.detectors), ...(iocs === undefined ? [] : detectorsOfIocs(iocs))]),
      ...(takesInventory ? { inventory: { shared: new Set<string>() } } : {}),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
