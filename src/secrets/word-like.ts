// Values that are words: a password that everybody could guess is also a word of texts that have nothing to do with it.
import { isUsualPassword } from './checks.ts'

/** Longer texts of words are no name of anything by chance. */
const MAX_LENGTH = 24
const MAX_WORDS = 3
/** `debian`, `Debian12`, `APP`, `dbPass`, `2024`. */
const WORD = /^(?:(?:[a-z]+|[A-Z][a-z]+)(?:[A-Z][a-z]{2,11}){0,3}\d{0,4}|[A-Z]+\d{0,4}|\d{1,8})$/
/** Digits in a row that a name or a sentence has: more of them are a part of something. */
const NUMBER = /^\d{6,}$/
/** No word has so many consonants in a row. */
const CONSONANTS = /[b-df-hj-np-tv-xz]{6}/i

const wordsOf = (text: string): string[] => text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '')

const isWord = (word: string): boolean => WORD.test(word) && !CONSONANTS.test(word)

/** Whether a text has nothing in it but words and short numbers: a part of a value that is like this tells nothing of it. */
export const isOfWords = (text: string): boolean => wordsOf(text).every((word) => isWord(word) && !NUMBER.test(word))

/**
 * Whether a value reads like a name or a word, alone or joined by signs: `debian`, `app-prod`, `web2`, `changeme`. Such a value
 * is hidden where it stands as a value only: hidden everywhere it would blank images, paths and sentences.
 */
export function isWordLike(value: string): boolean {
  if (isUsualPassword(value)) return true
  const words = wordsOf(value)
  return value.length <= MAX_LENGTH && /^[\w.:/@!-]+$/.test(value) && words.length <= MAX_WORDS && words.every(isWord)
}
