/**
 * The words of a text as the index and queries have them, each once: lower case, without diacritics and tatweel, the
 * forms of hamza and alef as one, taa marbuta as haa, digits of any script as ASCII, Arabic words without their article.
 */
export function wordsOf(text: string): readonly string[] {
  const plain = text
    // Takes vowel signs, accents and hamza off their letters; presentation forms become letters.
    .normalize("NFKD")
    .replace(/[\p{M}\u0640]/gu, "")
    .toLowerCase()
    .replace(/[\u0671\u0672\u0673\u0675]/gu, "\u0627")
    .replace(/[\u0649\u06cc]/gu, "\u064a")
    .replace(/[\u06a9]/gu, "\u0643")
    .replace(/[\u0629\u06d5]/gu, "\u0647")
    .replace(/[\u0660-\u0669]/gu, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/gu, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    // "men's" is one word.
    .replace(/['\u2019\u02bc`]/gu, "");
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(words.map(withoutArticle))];
}

/** The article is written together with its word, and people leave it out. */
function withoutArticle(word: string): string {
  return /^\u0627\u0644.{3,}$/u.test(word) ? word.slice(2) : word;
}
