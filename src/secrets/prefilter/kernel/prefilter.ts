/**
 * Multi-literal prefilter ("Teddy" fingerprints) and byte scanners for WebAssembly SIMD.
 *
 *   npm run build:wasm   (asc, options in asconfig.json; the result is committed as ../kernel-wasm.ts)
 *
 * No allocation, no GC: the host owns all memory from heapBase() on and passes addresses.
 * The host keeps READ_AHEAD readable bytes after `end`; what they hold never changes a result.
 */
import {
  BITMAP, BITMAP_SHIFT, BUCKET_HALVES, CLASSES, CLASS_IDENTIFIER, CLASS_OPERATOR, CLASS_QUOTE, CLASS_TOKEN, CLASS_VALUE, ENTRIES,
  ENTRY_BYTES, FLAG_ASSIGNMENT, HASH_MULTIPLIER, HEADS, HEAD_SHIFT, MASKS, MAX_CHAIN, RECORD_BYTES,
} from "../layout";

/** Work is done in batches that stay in the first-level cache: fingerprint -> HITS -> CANDIDATES -> records. */
const BATCH = 8192; // positions, a multiple of 64
const HITS = memory.data(BATCH / 8, 16); // one bit per position whose fingerprint matches
const CANDIDATES = memory.data(BATCH * 4, 16); // u32 addresses of the hits that the bitmap knows
/** A constant kept in memory: Binaryen would move it into the loop, where Node 24 builds it anew each time. */
const NIBBLE = memory.data<u8>([15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15], 16);

/** Address of the first position the last scan() has not examined; `end` when it saw everything. */
let resumeAddress: usize = 0;

/** A literal as the table builder lays it out (64 bytes with padding). */
@unmanaged class Entry {
  value: v128;
  fold: v128; // 0x20 where case is ignored
  mask: v128; // 0xff where the literal has a byte
  anchor: u8; // offset of the fingerprint in the literal
  length: u8;
  next: u16; // next entry of the hash chain
  id: u32;
  flags: u8;
  run: u8; // token characters that must follow; of an assignment, characters of its value
}

export function heapBase(): usize { return (__heap_base + 15) & ~15; }
export function resumeAt(): usize { return resumeAddress; }

/**
 * Finds the literals of `set` whose fingerprint lies in [from, end); none starts before `base`, none ends after `end`.
 * Writes records to [out, outEnd), at least 256 bytes, and returns how many. When resumeAt() < end the output was
 * full: call again with the same `base` and from = resumeAt(); nothing is then lost or repeated.
 * minValue 0: no assignment check; otherwise flagged literals need a value of that many
 * bytes, among them at least one of each class in valueClasses.
 */
export function scan(
  set: usize, base: usize, from: usize, end: usize, out: usize, outEnd: usize, minValue: u32, valueClasses: u32,
): u32 {
  const first = out;
  let p = from;
  while (p < end) {
    const stop = min(end, p + BATCH);
    markHits(set, p, stop);
    const candidatesEnd = listCandidates(set, p, stop);
    for (let slot = CANDIDATES; slot < candidatesEnd; slot += 4) {
      const at: usize = load<u32>(slot);
      if (out + MAX_CHAIN * RECORD_BYTES > outEnd) {
        resumeAddress = at;
        return <u32>((out - first) / RECORD_BYTES);
      }
      out = verify(set, base, at, end, out, minValue, valueClasses);
    }
    p = stop;
  }
  resumeAddress = p;
  return <u32>((out - first) / RECORD_BYTES);
}

/** The hot loop, free of branches: sets the bit of every position in [p, stop) whose three bytes fit a bucket. */
function markHits(set: usize, p: usize, stop: usize): void {
  // Masks of buckets 0-7 (a) and 8-15 (b), for fingerprint bytes 0-2, low and high nibble.
  const a0l = v128.load(set, MASKS), a0h = v128.load(set, MASKS + 16);
  const a1l = v128.load(set, MASKS + 32), a1h = v128.load(set, MASKS + 48);
  const a2l = v128.load(set, MASKS + 64), a2h = v128.load(set, MASKS + 80);
  const b0l = v128.load(set, MASKS + 96), b0h = v128.load(set, MASKS + 112);
  const b1l = v128.load(set, MASKS + 128), b1h = v128.load(set, MASKS + 144);
  const b2l = v128.load(set, MASKS + 160), b2h = v128.load(set, MASKS + 176);
  const nibble = v128.load(NIBBLE), zero = i8x16.splat(0);
  store<u64>(HITS + ((stop - p - 1) >> 6 << 3), 0); // the last word may be written in part
  for (let hits = HITS; p < stop; p += 16, hits += 2) {
    let v = v128.load(p);
    let low = v128.and(v, nibble), high = v128.and(i16x8.shr_u(v, 4), nibble);
    let a = lookup(a0l, a0h, low, high), b = lookup(b0l, b0h, low, high);

    v = v128.load(p, 1);
    low = v128.and(v, nibble); high = v128.and(i16x8.shr_u(v, 4), nibble);
    a = v128.and(a, lookup(a1l, a1h, low, high)); b = v128.and(b, lookup(b1l, b1h, low, high));

    v = v128.load(p, 2);
    low = v128.and(v, nibble); high = v128.and(i16x8.shr_u(v, 4), nibble);
    a = v128.and(a, lookup(a2l, a2h, low, high)); b = v128.and(b, lookup(b2l, b2h, low, high));

    const fit = BUCKET_HALVES == 2 ? v128.or(a, b) : a; // decided by the compiler
    store<u16>(hits, <u16>~i8x16.bitmask(i8x16.eq(fit, zero)));
  }
}

/** Lists the marked positions whose hash is in the bitmap; returns the end of the list. */
function listCandidates(set: usize, p: usize, stop: usize): usize {
  let slot = CANDIDATES;
  for (let hits = HITS; p < stop; p += 64, hits += 8) {
    let word = load<u64>(hits);
    while (word) {
      const at = p + <usize>ctz(word);
      word &= word - 1;
      const bit = exactHash(at) >>> BITMAP_SHIFT;
      store<u32>(slot, <u32>at); // kept only when the bitmap knows the hash: no branch
      slot += ((<u32>load<u8>(set + (bit >>> 3), BITMAP) >>> (bit & 7)) & 1) << 2;
    }
  }
  return slot;
}

/** Compares the literals chained at the trigram `at` and appends a record for each match. */
function verify(
  set: usize, base: usize, at: usize, end: usize, out: usize, minValue: u32, valueClasses: u32,
): usize {
  let index: u32 = load<u16>(set + ((trigramHash(at) >>> HEAD_SHIFT) << 1), HEADS);
  while (index) {
    const entry = changetype<Entry>(set + ENTRIES + index * ENTRY_BYTES);
    const start = at - entry.anchor;
    if (start >= base) {
      const bytes = v128.and(v128.or(v128.load(start), entry.fold), entry.mask);
      const stop = start + entry.length;
      if (i8x16.all_true(i8x16.eq(bytes, entry.value)) && stop <= end) {
        valueStart = base; valueLength = 0;
        const wanted = !minValue || !(entry.flags & FLAG_ASSIGNMENT)
          ? hasRun(set + CLASSES, stop, end, entry.run)
          : isAssigned(set + CLASSES, stop, end, max(minValue, entry.run), valueClasses);
        if (wanted) {
          store<u32>(out, <u32>(start - base), 0);
          store<u32>(out, entry.id, 4);
          store<u32>(out, <u32>(valueStart - base), 8);
          store<u32>(out, valueLength, 12);
          out += RECORD_BYTES;
        }
      }
    }
    index = entry.next;
  }
  return out;
}

/** Whether `length` characters of a token follow. */
function hasRun(classes: usize, p: usize, end: usize, length: u32): bool {
  return !length || skip(classes, p, min(end, p + length), CLASS_TOKEN) == p + length;
}

let valueStart: usize = 0; // second and third result of isAssigned
let valueLength: u32 = 0;

// @ts-ignore: decorator
@inline function isStringQuote(c: u32): bool {
  return c == 34 || c == 39 || c == 96;
}

// @ts-ignore: decorator
@inline function isStringPrefix(c: u32): bool {
  const letter = c | 32;
  return c == 64 || letter == 98 || letter == 102 || letter == 108 || letter == 110 || letter == 114 || letter == 117;
}

/** keyword | [identifier]{0,24} [quote]{0,16} operator{1,3} [quote]{0,16} value{minValue,160}; a value in quotes goes on to the next of them */
function isAssigned(classes: usize, p: usize, end: usize, minValue: u32, valueClasses: u32): bool {
  p = skip(classes, p, min(end, p + 24), CLASS_IDENTIFIER);
  p = skip(classes, p, min(end, p + 16), CLASS_QUOTE);
  const operator = p;
  p = skip(classes, p, min(end, p + 3), CLASS_OPERATOR);
  if (p == operator) return false;
  const behind = p;
  p = skip(classes, p, min(end, p + 16), CLASS_QUOTE);
  // The prefix of a string: b'…', u"…", @"…".
  if (p + 1 < end && isStringPrefix(load<u8>(p)) && isStringQuote(load<u8>(p + 1))) p += 2;
  const last: u32 = p > behind ? load<u8>(p - 1) : 0;
  const quote: u32 = isStringQuote(last) ? last : 0;
  valueStart = p;
  const stop = min(end, p + 160);
  let seen: u32 = 0;
  while (p < stop) {
    const byte: u32 = load<u8>(p);
    const c: u32 = load<u8>(classes + byte);
    if (!(c & CLASS_VALUE) && (!quote || byte == quote || byte <= 32)) break;
    seen |= c;
    p++;
  }
  valueLength = <u32>(p - valueStart);
  return valueLength >= minValue && (seen & valueClasses) == valueClasses;
}

/** Offset of the first zero byte in [p, end), or -1: "is this binary?" */
export function indexOfZero(p: usize, end: usize): i32 {
  const base = p;
  // A zero byte among 64 is a zero in the unsigned minimum of the four vectors.
  for (; p + 64 <= end; p += 64) {
    const m = i8x16.min_u(
      i8x16.min_u(v128.load(p), v128.load(p, 16)), i8x16.min_u(v128.load(p, 32), v128.load(p, 48)));
    if (!i8x16.all_true(m)) break;
  }
  const zero = i8x16.splat(0);
  for (; p < end; p += 16) {
    const hits = i8x16.bitmask(i8x16.eq(v128.load(p), zero));
    if (hits) {
      const at = p + ctz(hits);
      return at < end ? <i32>(at - base) : -1;
    }
  }
  return -1;
}

/**
 * Runs of UTF-16 text: at least minBlocks whole 16-byte blocks (counted from `base`) in which every second byte
 * is zero and the others are 9..126, widened to the exact ends. Record: u32 offset, u32 length (even) | zeroFirst.
 * Returns the number of records; stops at outEnd.
 */
export function utf16Runs(base: usize, end: usize, out: usize, outEnd: usize, minBlocks: u32): u32 {
  const first = out, zero = i8x16.splat(0), nine = i8x16.splat(9), span = i8x16.splat(118);
  let kind: u32 = 0; // mask of the zero bytes of the run: 0xAAAA, 0x5555 or none
  let start = base;
  for (let p = base; ; p += 16) {
    let now: u32 = 0;
    if (p + 16 <= end) {
      const v = v128.load(p);
      const zeros: u32 = i8x16.bitmask(i8x16.eq(v, zero));
      if (zeros == 0xaaaa || zeros == 0x5555) {
        const printable: u32 = i8x16.bitmask(i8x16.lt_u(i8x16.sub(v, nine), span));
        if (printable == (zeros ^ 0xffff)) now = zeros;
      }
    }
    if (now == kind && p < end) continue;
    if (kind && p - start >= minBlocks * 16 && out + 8 <= outEnd) {
      const zeroFirst: u32 = kind == 0x5555 ? 1 : 0;
      let s = start, e = p;
      while (s >= base + 2 && isPair(s - 2, zeroFirst)) s -= 2;
      while (e + 2 <= end && isPair(e, zeroFirst)) e += 2;
      store<u32>(out, <u32>(s - base), 0);
      store<u32>(out, <u32>(e - s) | zeroFirst, 4);
      out += 8;
    }
    if (p >= end) break;
    kind = now; start = p;
  }
  return <u32>((out - first) >> 3);
}

/** Copies a UTF-16 run to `to` without its zero bytes; writes up to 15 bytes more than length / 2. */
export function narrow(from: usize, to: usize, length: u32, zeroFirst: u32): void {
  const shift = zeroFirst << 3, byte = i16x8.splat(255);
  for (let o: u32 = 0; o < length; o += 32) {
    const x = v128.and(i16x8.shr_u(v128.load(from + o), shift), byte);
    const y = v128.and(i16x8.shr_u(v128.load(from + o, 16), shift), byte);
    v128.store(to + (o >> 1), v128.narrow<u16>(x, y));
  }
}

/** How often `value` occurs in [p, end): line feeds, to turn an offset into a line number. */
export function countByte(p: usize, end: usize, value: u32): u32 {
  const wanted = i8x16.splat(<i8>value);
  let count: u32 = 0;
  for (; p + 16 <= end; p += 16) count += popcnt(i8x16.bitmask(i8x16.eq(v128.load(p), wanted)));
  for (; p < end; p++) count += <u32>(<u32>load<u8>(p) == value);
  return count;
}

/** Bits of the high nibbles that each low nibble forms a base64 character with (A-Z a-z 0-9 + / - _). */
const BASE64_LOW = memory.data<u8>([
  0xa8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf8, 0xf0, 0x54, 0x50, 0x54, 0x50, 0x74,
], 16);
const HIGH_BIT = memory.data<u8>([1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0], 16);

/**
 * Runs of base64 characters (both alphabets, without padding) that cover at least minBlocks whole 16-byte blocks
 * counted from `base`, widened to their exact ends. Record: u32 offset, u32 length. Stops at outEnd.
 */
export function base64Runs(base: usize, end: usize, out: usize, outEnd: usize, minBlocks: u32): u32 {
  const first = out, low = v128.load(BASE64_LOW), high = v128.load(HIGH_BIT), nibble = v128.load(NIBBLE);
  const zero = i8x16.splat(0);
  let inside = false;
  let start = base;
  for (let p = base; ; p += 16) {
    let now = false;
    if (p + 16 <= end) {
      const v = v128.load(p);
      const fit = v128.and(i8x16.swizzle(low, v128.and(v, nibble)), i8x16.swizzle(high, v128.and(i16x8.shr_u(v, 4), nibble)));
      now = !v128.any_true(i8x16.eq(fit, zero));
    }
    if (now == inside && p < end) continue;
    if (inside && p - start >= minBlocks * 16 && out + 8 <= outEnd) {
      let s = start, e = p;
      while (s > base && isBase64(load<u8>(s - 1))) s--;
      while (e < end && isBase64(load<u8>(e))) e++;
      store<u32>(out, <u32>(s - base), 0);
      store<u32>(out, <u32>(e - s), 4);
      out += 8;
    }
    if (p >= end) break;
    inside = now; start = p;
  }
  return <u32>((out - first) >> 3);
}

// @ts-ignore: decorator
@inline function isBase64(c: u32): bool {
  return (load<u8>(BASE64_LOW + (c & 15)) & (c < 128 ? 1 << (c >> 4) : 0)) != 0;
}

// @ts-ignore: decorator
@inline function isPair(p: usize, zeroFirst: u32): bool {
  return load<u8>(p + (zeroFirst ^ 1)) == 0 && <u32>load<u8>(p + zeroFirst) - 9 < 118;
}

// @ts-ignore: decorator
@inline function lookup(lowMask: v128, highMask: v128, low: v128, high: v128): v128 {
  return v128.and(i8x16.swizzle(lowMask, low), i8x16.swizzle(highMask, high));
}

/** Hash of the three bytes at `p` as they are. */
// @ts-ignore: decorator
@inline function exactHash(p: usize): u32 {
  return (load<u32>(p) & 0xffffff) * HASH_MULTIPLIER;
}

/** Hash of the three bytes at `p`, letters folded. */
// @ts-ignore: decorator
@inline function trigramHash(p: usize): u32 {
  return ((load<u32>(p) | 0x202020) & 0xffffff) * HASH_MULTIPLIER;
}

// @ts-ignore: decorator
@inline function skip(classes: usize, p: usize, stop: usize, wanted: u32): usize {
  while (p < stop && (<u32>load<u8>(classes + load<u8>(p)) & wanted)) p++;
  return p;
}
