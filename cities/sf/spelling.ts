// How names are compared and written: rows of different years spell the same place in capitals, without apostrophes, with underscores.

/** Letters and digits only, in lower case: equal for all spellings of a name. */
export function comparable(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** `UNION STREET` as `Union Street`; text that is not all capitals stays as it is. */
export function titled(name: string): string {
  if (name !== name.toUpperCase()) return name
  return name
    .toLowerCase()
    .replaceAll(/(^|[^\p{L}\p{N}'’])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase())
}

/** `garbage_and_debris` and `Garbage_and_Debris` as `Garbage and debris`: words instead of an identifier. */
export function worded(name: string): string {
  const words = name.replaceAll('_', ' ').trim()
  const lower = words === name ? words : words.toLowerCase()
  return lower.charAt(0).toUpperCase() + lower.slice(1)
}
