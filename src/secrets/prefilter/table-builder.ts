// Compiles a list of literals into the byte image that the WASM kernel reads (see layout.ts).
// The detectors' own literals are compiled when the project is built (prebuilt.ts).
import { anneal, type Fingerprint } from './annealing.ts'
import { type FrequencyModel, measuredFrequencies } from './frequency.ts'
import {
  BITMAP,
  BITMAP_SHIFT,
  BUCKET_HALVES,
  CLASS_DIGIT,
  CLASS_IDENTIFIER,
  CLASS_OPERATOR,
  CLASS_QUOTE,
  CLASS_TOKEN,
  CLASS_VALUE,
  CLASSES,
  ENTRIES,
  ENTRY_BYTES,
  FLAG_ASSIGNMENT,
  HASH_MULTIPLIER,
  HEAD_SHIFT,
  HEADS,
  MASKS,
  MAX_CHAIN,
  MAX_RUN,
} from './layout.ts'

const BUCKETS = 8 * BUCKET_HALVES
const FINGERPRINT = 3 // bytes
const COMPARED = 16 // bytes of a literal that the kernel compares; the rest is the detector's work
const CLIMBING_ROUNDS = 2
/** Literals behind one hash that a thorough table has at most: each is compared. */
const GOOD_CHAIN = 16

/** So many literals share a hash that the kernel has no room for their hits: those of a configuration can. */
export class ChainError extends RangeError {}

export interface Literal {
  readonly text: string // latin1, at least three bytes
  readonly ignoreCase: boolean
  readonly assignment: boolean // counts only when an assigned value follows
  readonly run: number // token characters that must follow, 0 to MAX_RUN; of an assignment, characters of its value
}

export interface LiteralSet {
  readonly image: Uint8Array
  readonly expectedHitRate: number // modelled share of positions that pass the fingerprint
  readonly longestChain: number
}

type NibbleSets = Fingerprint[number]

interface PreparedLiteral {
  readonly bytes: Uint8Array // the compared bytes, lower case where case is ignored
  readonly ignoreCase: boolean
  readonly assignment: boolean
  readonly run: number
  readonly anchor: number
  readonly fingerprint: Fingerprint
}

export interface BuildOptions {
  /** Takes seconds to find a table that lets fewer positions pass. */
  readonly isThorough?: boolean
  readonly model?: FrequencyModel
}

const isLower = (c: number): boolean => c >= 97 && c <= 122
const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0
const trigramAt = (bytes: Uint8Array, i: number): number =>
  at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16)
const exactHash = (trigram: number): number => Math.imul(trigram & 0xffffff, HASH_MULTIPLIER)
const hash = (trigram: number): number => exactHash(trigram | 0x202020)

export function buildLiteralSet(
  literals: readonly Literal[],
  { isThorough = false, model = measuredFrequencies() }: BuildOptions = {},
): LiteralSet {
  if (literals.length > 0xffff - 1) throw new RangeError('too many literals for 16-bit entry numbers')
  const uses = new Map<number, number>()
  const first = literals.map((literal) => prepare(literal, model, uses))
  const cost = costFunction(model)
  const assigned = assignBuckets(first, cost)
  const { prepared, bucketOf } = isThorough ? improved(first, assigned, model) : { prepared: first, bucketOf: assigned }
  const buckets = Array.from({ length: BUCKETS }, (_, k) =>
    prepared.reduce((sum, { fingerprint }, i) => (bucketOf[i] === k ? union(sum, fingerprint) : sum), EMPTY),
  )

  const image = new Uint8Array(ENTRIES + ENTRY_BYTES * (prepared.length + 1))
  writeMasks(image, buckets)
  writeClasses(image)
  const longestChain = writeEntries(image, prepared)
  if (longestChain > MAX_CHAIN) throw new ChainError(`hash chain of ${longestChain} literals, at most ${MAX_CHAIN}`)
  return { image, expectedHitRate: buckets.reduce((sum, bucket) => sum + cost(bucket), 0), longestChain }
}

/** Other anchors and buckets, so that fewer positions pass. */
function improved(
  literals: readonly PreparedLiteral[],
  bucketOf: Int32Array,
  model: FrequencyModel,
): { prepared: PreparedLiteral[]; bucketOf: Int32Array } {
  const options = literals.map(({ bytes, ignoreCase }) =>
    Array.from({ length: bytes.length - FINGERPRINT + 1 }, (_, anchor) => {
      const trigram = trigramAt(bytes, anchor)
      return {
        fingerprint: fingerprintAt(bytes, anchor, ignoreCase),
        rate: spellings(trigram, ignoreCase).reduce((sum, written) => sum + model.trigram(written), 0) / 1e6,
        chain: hash(trigram) >>> HEAD_SHIFT,
      }
    }),
  )
  const found = anneal(
    options,
    { choices: Int32Array.from(literals, ({ anchor }) => anchor), buckets: bucketOf },
    BUCKETS,
    byteCosts(model),
    GOOD_CHAIN,
  )
  const prepared = literals.map((literal, i) => {
    const anchor = found.choices[i] ?? literal.anchor
    return { ...literal, anchor, fingerprint: fingerprintAt(literal.bytes, anchor, literal.ignoreCase) }
  })
  return { prepared, bucketOf: found.buckets }
}

// --- literals ---

function prepare(
  { text, ignoreCase, assignment, run }: Literal,
  model: FrequencyModel,
  uses: Map<number, number>,
): PreparedLiteral {
  if (!/^[\0-\xff]{3,}$/.test(text))
    throw new RangeError(`literal needs three or more latin1 bytes: ${JSON.stringify(text)}`)
  if (run < 0 || run > MAX_RUN)
    throw new RangeError(`${JSON.stringify(text)} asks for a run of ${run}, at most ${MAX_RUN}`)
  const folded = ignoreCase ? text.replace(/[A-Z]/g, (c) => c.toLowerCase()) : text
  const bytes = Uint8Array.from(folded.slice(0, COMPARED), (c) => c.charCodeAt(0))
  const anchor = rarestTrigram(bytes, ignoreCase, model, uses)
  return {
    bytes,
    ignoreCase,
    assignment,
    run: textBehind(text, run),
    anchor,
    fingerprint: fingerprintAt(bytes, anchor, ignoreCase),
  }
}

/** Only the start of a literal is compared: what follows the start is the rest of it. */
const textBehind = (text: string, run: number): number => (text.length > COMPARED ? 0 : run)

/** The rarest three bytes of a literal; those that other literals hang on count as more frequent, so that chains stay short. */
function rarestTrigram(
  bytes: Uint8Array,
  ignoreCase: boolean,
  model: FrequencyModel,
  uses: Map<number, number>,
): number {
  let best = 0
  let bestCount = Infinity
  for (let k = 0; k + 3 <= bytes.length; k++) {
    const occurs = spellings(trigramAt(bytes, k), ignoreCase).reduce((sum, written) => sum + model.trigram(written), 0)
    const count = occurs * (1 + (uses.get(hash(trigramAt(bytes, k))) ?? 0) / 4)
    if (count < bestCount) {
      bestCount = count
      best = k
    }
  }
  const chain = hash(trigramAt(bytes, best))
  uses.set(chain, (uses.get(chain) ?? 0) + 1)
  return best
}

const fingerprintAt = (bytes: Uint8Array, anchor: number, ignoreCase: boolean): Fingerprint =>
  Array.from({ length: FINGERPRINT }, (_, k) => nibbleSets(at(bytes, anchor + k), ignoreCase))

function nibbleSets(c: number, ignoreCase: boolean): NibbleSets {
  const high = 1 << (c >> 4)
  return [1 << (c & 15), ignoreCase && isLower(c) ? high | (1 << ((c ^ 32) >> 4)) : high]
}

// --- buckets: literals that share one bit of the masks ---

const union = (a: Fingerprint, b: Fingerprint): Fingerprint =>
  a.map(([low, high], k) => [low | (b[k]?.[0] ?? 0), high | (b[k]?.[1] ?? 0)] as const)

const EMPTY: Fingerprint = Array.from({ length: FINGERPRINT }, () => [0, 0] as const)

/** Share of bytes that sets of low and high nibbles let pass. */
function byteCosts(model: FrequencyModel): (low: number, high: number) => number {
  const memo = new Map<number, number>()
  return (low, high) => {
    const key = low * 65536 + high
    let sum = memo.get(key)
    if (sum === undefined) {
      sum = 0
      for (let c = 0; c < 256; c++) if ((low >> (c & 15)) & (high >> (c >> 4)) & 1) sum += model.byte(c)
      memo.set(key, sum)
    }
    return sum
  }
}

/** Modelled probability that a random position passes a fingerprint. */
function costFunction(model: FrequencyModel): (fingerprint: Fingerprint) => number {
  const byteCost = byteCosts(model)
  return (fingerprint) => fingerprint.reduce((product, [low, high]) => product * byteCost(low, high), 1)
}

/** Greedy assignment, dearest literal first; then single moves while they pay. @returns the bucket of each literal */
function assignBuckets(literals: readonly PreparedLiteral[], cost: (fingerprint: Fingerprint) => number): Int32Array {
  const buckets: Fingerprint[] = Array.from({ length: BUCKETS }, () => EMPTY)
  const costs = new Float64Array(BUCKETS).fill(cost(EMPTY))
  const members = Array.from({ length: BUCKETS }, () => new Set<number>())
  const bucketOf = new Int32Array(literals.length).fill(-1)
  const bucket = (k: number): Fingerprint => buckets[k] ?? EMPTY
  const added = (k: number, f: Fingerprint): number => cost(union(bucket(k), f)) - (costs[k] ?? 0)
  const without = (k: number, skipped: number): Fingerprint => {
    let sum = EMPTY
    for (const i of members[k] ?? []) if (i !== skipped) sum = union(sum, literals[i]?.fingerprint ?? EMPTY)
    return sum
  }
  const set = (k: number, f: Fingerprint): void => {
    buckets[k] = f
    costs[k] = cost(f)
  }
  const put = (i: number, k: number, f: Fingerprint): void => {
    members[bucketOf[i] ?? -1]?.delete(i)
    members[k]?.add(i)
    bucketOf[i] = k
    set(k, union(bucket(k), f))
  }

  const order = literals
    .map(({ fingerprint }, i) => ({ i, fingerprint, own: cost(fingerprint) }))
    .sort((p, q) => q.own - p.own)
  for (const { i, fingerprint } of order) {
    let best = 0
    let bestCost = Infinity
    for (let k = 0; k < BUCKETS; k++) {
      const c = added(k, fingerprint)
      if (c < bestCost) {
        bestCost = c
        best = k
      }
    }
    put(i, best, fingerprint)
  }

  for (let round = 0, moved = true; round < CLIMBING_ROUNDS && moved; round++) {
    moved = false
    literals.forEach(({ fingerprint }, i) => {
      const home = bucketOf[i] ?? 0
      const rest = without(home, i)
      let best = home
      let bestCost = (costs[home] ?? 0) - cost(rest) - 1e-15
      for (let k = 0; k < BUCKETS; k++) {
        if (k === home) continue
        const c = added(k, fingerprint)
        if (c < bestCost) {
          bestCost = c
          best = k
        }
      }
      if (best === home) return
      set(home, rest)
      put(i, best, fingerprint)
      moved = true
    })
  }
  return bucketOf
}

// --- image ---

function writeMasks(image: Uint8Array, buckets: readonly Fingerprint[]): void {
  buckets.forEach((fingerprint, k) => {
    const half = k >> 3
    const bit = 1 << (k & 7)
    fingerprint.forEach((sets, byte) => {
      sets.forEach((nibbles, highNibble) => {
        const vector = MASKS + 16 * ((half * FINGERPRINT + byte) * 2 + highNibble)
        for (let v = 0; v < 16; v++) if ((nibbles >> v) & 1) image[vector + v] = at(image, vector + v) | bit
      })
    })
  })
}

function writeClasses(image: Uint8Array): void {
  const classes: readonly (readonly [RegExp, number])[] = [
    [/[A-Za-z0-9_.-]/, CLASS_IDENTIFIER],
    [/["'`\s[\])\\]/, CLASS_QUOTE],
    [/[=:>,|]/, CLASS_OPERATOR],
    [/[^\0-\x20\x7f-\xff"'`,;(){}<>]/, CLASS_VALUE],
    [/[0-9]/, CLASS_DIGIT],
    [/[A-Za-z0-9_.+/=~%\\&#;-]/, CLASS_TOKEN],
  ]
  for (let c = 0; c < 256; c++) {
    const s = String.fromCharCode(c)
    image[CLASSES + c] = classes.reduce((sum, [pattern, bit]) => (pattern.test(s) ? sum | bit : sum), 0)
  }
}

/** Three bytes as they can be written: where case is ignored each letter in both. */
function spellings(trigram: number, ignoreCase: boolean): number[] {
  let written = [trigram]
  for (let shift = 0; ignoreCase && shift < 24; shift += 8) {
    if (isLower((trigram >> shift) & 255)) written = written.flatMap((each) => [each, each ^ (32 << shift)])
  }
  return written
}

/** Hash chains, bitmap and entries; returns the length of the longest chain. */
function writeEntries(image: Uint8Array, literals: readonly PreparedLiteral[]): number {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength)
  const chains = new Map<number, number>()
  literals.forEach((literal, id) => {
    const number = id + 1
    const entry = ENTRIES + ENTRY_BYTES * number
    literal.bytes.forEach((c, k) => {
      image[entry + k] = c
      image[entry + 16 + k] = literal.ignoreCase && isLower(c) ? 32 : 0
      image[entry + 32 + k] = 255
    })
    const h = hash(trigramAt(literal.bytes, literal.anchor))
    const head = HEADS + 2 * (h >>> HEAD_SHIFT)
    view.setUint8(entry + 48, literal.anchor)
    view.setUint8(entry + 49, literal.bytes.length)
    view.setUint16(entry + 50, view.getUint16(head, true), true) // next
    view.setUint32(entry + 52, id, true)
    view.setUint8(entry + 56, literal.assignment ? FLAG_ASSIGNMENT : 0)
    view.setUint8(entry + 57, literal.run)
    view.setUint16(head, number, true)
    for (const written of spellings(trigramAt(literal.bytes, literal.anchor), literal.ignoreCase)) {
      const bit = exactHash(written) >>> BITMAP_SHIFT
      image[BITMAP + (bit >>> 3)] = at(image, BITMAP + (bit >>> 3)) | (1 << (bit & 7))
    }
    chains.set(head, (chains.get(head) ?? 0) + 1)
  })
  return Math.max(0, ...chains.values())
}
