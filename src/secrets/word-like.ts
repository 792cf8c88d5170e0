// Values that are words: a password that everybody could guess is also a word of texts that have nothing to do with it.
import { isUsualPassword } from './checks.ts'

/** Longer texts of words are no name of anything by chance. */
const MAX_LENGTH = 24
const MAX_WORDS = 3
/** `debian`, `Debian12`, `APP`, `dbPass`, `2024`. */
const WORD = /^(?:(?:[a-z]+|[A-Z][a-z]+)(?:[A-Z][a-z]{2,11}){0,3}\d{0,4}|[A-Z]+\d{0,4}|\d{1,9})$/
/** No word has so many consonants in a row. */
const CONSONANTS = /[b-df-hj-np-tv-xz]{6}/i

/** Whether a text has nothing in it but words and numbers: a part of a value that is like this tells nothing of it. */
export const isOfWords = (text: string): boolean => text.split(/[^A-Za-z0-9]+/).every((word) => word === '' || (WORD.test(word) && !CONSONANTS.test(word)))

/**
 * Whether a value reads like a name or a word, alone or joined by signs: `debian`, `app-prod`, `web2`, `changeme`. Such a value
 * is hidden where it stands as a value only: hidden everywhere it would blank images, paths and sentences.
 */
export const isWordLike = (value: string): boolean =>
  isUsualPassword(value) ||
  (value.length <= MAX_LENGTH && /^[\w.:/@!-]+$/.test(value) && value.split(/[^A-Za-z0-9]+/).filter((word) => word !== '').length <= MAX_WORDS && isOfWords(value))
