/** Names of members that never leave the bridge (attendance 10.3), in folded form. */
const BIOMETRIC = new Set(
  `photo photos userphoto punchphoto logphoto pic pics picture image images img scene scenepic sceneimage snapshot
  portrait avatar face facepic faceimage facedata facetemplate fingerprint fingerprints fingerdata fingertemplate
  fptemplate palm palmtemplate vein iris template templates biodata biometric biometrics feature features
  embedding`.split(/\s+/),
)
const PERSONAL = new Set(
  `name username firstname lastname fullname displayname employeename personname card cardno cardnumber cardid rfid
  phone phoneno phonenumber mobile mobileno email mail address pin password passwd pwd idcard idnumber nationalid
  passport birthday birthdate dateofbirth gender`.split(/\s+/),
)
const SECRET = new Set('authtoken token accesstoken apikey secret authorization'.split(' '))

/** Unicode lower case with every `_` and `-` removed: how listed names compare, whole name only. */
export function foldName(name: string): string {
  const lower = name.toLowerCase()
  return /[_-]/.test(lower) ? lower.replaceAll(/[_-]/g, '') : lower
}

/** How an unknown member of a punch or presence report is flagged, or null when its name is on no list. */
export function listOf(name: string, pseudonyms: boolean): 'biometric' | 'personal' | null {
  const folded = foldName(name)
  if (BIOMETRIC.has(folded)) return 'biometric'
  if (PERSONAL.has(folded) || SECRET.has(folded) || (pseudonyms && folded === 'userid')) return 'personal'
  return null
}

/** A test for the names to cut out of what is kept of a payload: the lists, `deadLetter.redact`, user ids under a key. */
export function compileRedaction(redact: readonly string[], pseudonyms: boolean): (name: string) => boolean {
  const more = new Set(redact.map(foldName))
  return (name) => listOf(name, pseudonyms) !== null || more.has(foldName(name))
}
