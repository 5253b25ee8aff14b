import { expect, test } from 'vitest'
import { differences, type Row, type Wanted } from './message-table.ts'

const base = { user_id: '"1"', att_time: '1782014400', att_state: '0' }
/** A punch with members replaced (null: left out) or added, as JSON text. */
const p = (members: Record<string, string | null>): string =>
  `{${Object.entries({ ...base, ...members })
    .flatMap(([name, value]) => (value === null ? [] : [`${JSON.stringify(name)}:${value}`]))
    .join(',')}}`
const s = (text: string): string => JSON.stringify(text)
const out = (name: string, value: unknown, ...flags: string[]) => ({ [name]: value, flags })

test('user ids', async () => {
  const id = (value: string, wanted: Wanted): Row => [p({ user_id: value }), wanted]
  const good = (value: string, userId: string, ...flags: string[]): Row =>
    id(value, { userId, userIdKeyVersion: null, flags })
  const rows: Row[] = [
    [p({ user_id: null }), 'USER_ID_MISSING'],
    [p({ user_id: 'null' }), 'USER_ID_MISSING'],
    ...['""', '" "', '"\\t\\n"', '"\\ufeff\\u00a0\\u2028"', '"\\u3000"'].map((value) => id(value, 'USER_ID_MISSING')),
    ...[
      '1e3',
      '1E0',
      '-1',
      '-0',
      '1.5',
      '1.0e0',
      '1001.01',
      'true',
      'false',
      '{}',
      '[]',
      '["1"]',
      '"\\u0000"',
      '"a\\u0000"',
      '"a\\u007fb"',
      '"a\\u0085b"',
      '"\\u0085"',
      '"\\ud800"',
      '"a\\udc00"',
      '"\\udc00\\ud800"',
      s('a'.repeat(65)),
      s('é'.repeat(65)),
      s('😀'.repeat(65)),
      '1'.repeat(65),
      `${'1'.repeat(65)}.0`,
      '"a\\tb"',
      '"a\\u009f"',
      '-0.0',
    ].map((value) => id(value, 'USER_ID_INVALID')),
    good('"007"', '007'),
    good('"  7 8\\t"', '7 8'),
    good('"e\\u0301"', 'é'),
    good('"\\u212b"', 'Å'),
    good('"\\ud83d\\ude00"', '😀'),
    good('"1.0"', '1.0'),
    good('"\\u200b"', '\u200b'),
    good('"\\u00ad\\u00a0x"', '\u00ad\u00a0x'),
    good(s('a'.repeat(64)), 'a'.repeat(64)),
    good(s(` ${'😀'.repeat(64)} `), '😀'.repeat(64)),
    good(s('e\u0301'.repeat(64)), 'é'.repeat(64)),
    good('1001', '1001', 'USER_ID_NUMERIC'),
    good('0', '0', 'USER_ID_NUMERIC'),
    good('1001.0', '1001', 'USER_ID_NUMERIC', 'USER_ID_COERCED'),
    good('0.000', '0', 'USER_ID_NUMERIC', 'USER_ID_COERCED'),
    good('9007199254740993', '9007199254740993', 'USER_ID_NUMERIC'),
    good('1'.repeat(64), '1'.repeat(64), 'USER_ID_NUMERIC'),
    good(`${'1'.repeat(64)}.00`, '1'.repeat(64), 'USER_ID_NUMERIC', 'USER_ID_COERCED'),
    // The order of the checks.
    [p({ user_id: null, att_time: null }), 'NOT_A_PUNCH'],
    [p({ user_id: 'null', att_time: 'null' }), 'NOT_A_PUNCH'],
    [p({ user_id: '""', att_time: null }), 'USER_ID_MISSING'],
    [p({ user_id: null, att_time: '""' }), 'USER_ID_MISSING'],
    [p({ user_id: null, att_time: '"x"' }), 'USER_ID_MISSING'],
    [p({ user_id: '-1', att_time: null }), 'USER_ID_INVALID'],
    [p({ att_time: null }), 'TIME_MISSING'],
    [p({ user_id: null, att_time: null, LogTime: '{}' }), 'USER_ID_MISSING'],
  ]
  expect(await differences({}, rows)).toEqual([])
})

test('names: the first present wins its row', async () => {
  const rows: Row[] = [
    ...['userId', 'UserId', 'UserID'].map(
      (name): Row => [p({ user_id: null, [name]: '"2"' }), out('userId', '2', 'ALIAS_USED')],
    ),
    ...['attTime', 'LogTime'].map(
      (name): Row => [p({ att_time: null, [name]: '1782014401' }), out('eventTime', 1782014401000, 'ALIAS_USED')],
    ),
    ...['attState', 'Type'].map(
      (name): Row => [p({ att_state: null, [name]: '1' }), out('state', 'CHECK_OUT', 'ALIAS_USED')],
    ),
    ...['inputType', 'InputType'].map(
      (name): Row => [p({ [name]: '"face"' }), out('verifyMethod', 'FACE', 'ALIAS_USED')],
    ),
    ...['workCode', 'WorkCode'].map((name): Row => [p({ [name]: '"w"' }), out('workCode', 'w', 'ALIAS_USED')]),
    ...['recordId', 'RecordID'].map((name): Row => [p({ [name]: '"w"' }), out('deviceRecordId', 'w', 'ALIAS_USED')]),
    ...['faceMask', 'FaceMask'].map((name): Row => [p({ [name]: 'true' }), out('maskWorn', true, 'ALIAS_USED')]),
    [p({ Temperature: '36' }), out('temperatureCelsius', null, 'ALIAS_USED', 'OPT_IN_DROPPED')],
    [p({ Temperature: '0' }), out('temperatureCelsius', null, 'ALIAS_USED')],
    [p({ Location: '{}' }), out('location', null, 'ALIAS_USED', 'OPT_IN_DROPPED')],
    [p({ Location: '""' }), out('location', null, 'ALIAS_USED')],
    ...['sn', 'SerialNumber', 'DeviceSN'].map((name): Row => [p({ [name]: '"SN1"' }), { flags: [] }]),
    ...[
      'USER_ID',
      'userid',
      'Userid',
      'User_id',
      'AttTime',
      'record_ID',
      'facemask',
      'SN',
      'Sn',
      'serialNumber',
      'type',
      'TYPE',
    ].map((name): Row => [p({ [name]: '"SN1"' }), { flags: ['FIELDS_IGNORED'] }]),
    [p({ user_id: 'null', userId: '"2"' }), out('userId', '2', 'ALIAS_USED')],
    [p({ user_id: '""', userId: '"2"' }), 'USER_ID_MISSING'],
    [p({ userId: '"2"' }), out('userId', '1', 'FIELDS_IGNORED')],
    [p({ userId: '""' }), out('userId', '1')],
    [p({ userId: '" "' }), out('userId', '1')],
    [p({ userId: '{}' }), out('userId', '1', 'FIELDS_IGNORED')],
    [
      `{"UserID":"4","UserId":"3","userId":"2","att_time":1782014400,"att_state":0}`,
      out('userId', '2', 'ALIAS_USED', 'FIELDS_IGNORED'),
    ],
    [
      p({ att_state: null, attState: '""' }),
      { state: 'UNKNOWN', stateRaw: null, flags: ['ALIAS_USED', 'STATE_MISSING'] },
    ],
    [
      p({ att_state: '""', attState: '1' }),
      { state: 'UNKNOWN', stateRaw: null, flags: ['STATE_MISSING', 'FIELDS_IGNORED'] },
    ],
    [p({ work_code: '""', workCode: '"5"' }), out('workCode', null, 'FIELDS_IGNORED')],
    [p({ workCode: '""' }), out('workCode', null, 'ALIAS_USED')],
    [p({ workCode: '{}', WorkCode: 'null' }), out('workCode', null, 'ALIAS_USED', 'FIELD_OUT_OF_RANGE')],
    [p({ att_time: '""', attTime: '1782014400' }), 'TIME_MISSING'],
    [
      p({
        user_id: null,
        UserID: '7',
        att_time: null,
        LogTime: '1782014400',
        att_state: null,
        Type: '1',
        InputType: '0',
      }),
      { userId: '7', state: 'CHECK_OUT', verifyRaw: '0', flags: ['ALIAS_USED', 'USER_ID_NUMERIC'] },
    ],
    [p({ sn: 'null', SerialNumber: '"X"' }), { flags: ['SN_MISMATCH'] }],
    [p({ sn: '"SN1"', SerialNumber: '"X"' }), { flags: ['FIELDS_IGNORED'] }],
    [p({ sn: '{}', SerialNumber: '"X"' }), { flags: ['FIELDS_IGNORED'] }],
    [p({ sn: '" SN1\\t"' }), { flags: [] }],
    ...['"sn1"', '"SN1 x"', '5', '"\\ud800"', s('S'.repeat(64))].map(
      (value): Row => [p({ sn: value }), { flags: ['SN_MISMATCH'] }],
    ),
    ...['true', '[]', '{}', s('S'.repeat(65)), '"S\\u0000"', '"\\u0085"'].map(
      (value): Row => [p({ sn: value }), { flags: [] }],
    ),
    [{ topic: 'api/mqtt/v1/123/evt', payload: p({ sn: '123' }) }, { flags: [] }],
    [{ topic: 'api/mqtt/v1/123/evt', payload: p({ sn: '123.0' }) }, { flags: ['SN_MISMATCH'] }],
  ]
  expect(await differences({}, rows)).toEqual([])
})

test('work code, record id and mask', async () => {
  const OUT = 'FIELD_OUT_OF_RANGE'
  const text64: [string, string | null, ...string[]][] = [
    ['" 12 "', '12'],
    ['12', '12'],
    ['1.50', '1.50'],
    ['-0', '-0'],
    ['1e5', '1e5'],
    ['true', null, OUT],
    ['false', null, OUT],
    ['{}', null, OUT],
    ['[]', null, OUT],
    ['""', null],
    ['" \\t"', null],
    ['null', null],
    [s('a'.repeat(64)), 'a'.repeat(64)],
    [s('a'.repeat(65)), null, OUT],
    [s(` ${'😀'.repeat(64)}\n`), '😀'.repeat(64)],
    [s('😀'.repeat(65)), null, OUT],
    ['"a\\u0000"', null, OUT],
    ['"\\u0000"', null, OUT],
    ['"a\\u0009b"', null, OUT],
    ['"\\u009f"', null, OUT],
    ['"\\u00a0a\\ufeff"', 'a'],
    ['"\\ud800"', '\ufffd'],
    ['"a\\udc00b"', 'a\ufffdb'],
    ['1'.repeat(64), '1'.repeat(64)],
    ['1'.repeat(65), null, OUT],
    ['"e\\u0301"', 'e\u0301'],
    ['"\\u0085x"', null, OUT],
  ]
  const mask: [string, boolean | null, ...string[]][] = [
    ['true', true],
    ['false', false],
    ['1', true],
    ['0', false],
    ['"TRUE"', true],
    ['" False\\n"', false],
    ['"1"', true],
    ['" 0 "', false],
    ['""', null],
    ['"  "', null],
    ['null', null],
    ...['1.0', '0.0', '-0', '1e0', '2', '"1.0"', '"yes"', '"on"', '{}', '[]', '"01"', '"-0"', '"t"'].map(
      (value): [string, null, string] => [value, null, OUT],
    ),
  ]
  const rows: Row[] = [
    ...text64.flatMap(([value, text, ...flags]): Row[] => [
      [p({ work_code: value }), out('workCode', text, ...flags)],
      [p({ record_id: value }), out('deviceRecordId', text, ...flags)],
    ]),
    ...mask.map(([value, worn, ...flags]): Row => [p({ face_mask: value }), out('maskWorn', worn, ...flags)]),
  ]
  expect(await differences({}, rows)).toEqual([])
})

test('other members', async () => {
  const bio = [
    'photo',
    'photos',
    'userphoto',
    'punchphoto',
    'logphoto',
    'pic',
    'pics',
    'picture',
    'image',
    'images',
    'img',
    'scene',
    'scenepic',
    'sceneimage',
    'snapshot',
    'portrait',
    'avatar',
    'face',
    'facepic',
    'faceimage',
    'facedata',
    'facetemplate',
    'fingerprint',
    'fingerprints',
    'fingerdata',
    'fingertemplate',
    'fptemplate',
    'palm',
    'palmtemplate',
    'vein',
    'iris',
    'template',
    'templates',
    'biodata',
    'biometric',
    'biometrics',
    'feature',
    'features',
    'embedding',
    'Log_Photo',
    'LOG-PHOTO',
    '_p-h_o-t_o_',
    'ImG',
  ]
  const personal = [
    'name',
    'username',
    'firstname',
    'lastname',
    'fullname',
    'displayname',
    'employeename',
    'personname',
    'card',
    'cardno',
    'cardnumber',
    'cardid',
    'rfid',
    'phone',
    'phoneno',
    'phonenumber',
    'mobile',
    'mobileno',
    'email',
    'mail',
    'address',
    'pin',
    'password',
    'passwd',
    'pwd',
    'idcard',
    'idnumber',
    'nationalid',
    'passport',
    'birthday',
    'birthdate',
    'dateofbirth',
    'gender',
    'authtoken',
    'token',
    'accesstoken',
    'apikey',
    'secret',
    'authorization',
    'User_Name',
    'PIN',
    'date-of-birth',
    'API_KEY',
    'to\u212aen',
  ]
  const unknown = [
    'names',
    'photo1',
    'my photo',
    'nam',
    'pho to',
    'userid',
    'a',
    '',
    '__proto__',
    'constructor',
    'toString',
    'id',
    'op',
    'records',
    'ph.oto',
    'photo ',
    'ﬁngerprint',
    'na\u2010me',
    'PİN',
  ]
  const rows: Row[] = [
    ...bio.map((name): Row => [p({ [name]: '"x"' }), { flags: ['BIOMETRIC_DROPPED'], attributes: {} }]),
    ...personal.map((name): Row => [p({ [name]: '{}' }), { flags: ['PERSONAL_DROPPED'] }]),
    ...unknown.map(
      (name): Row => [
        `{"user_id":"1","att_time":1782014400,"att_state":0,${s(name)}:{"photo":1}}`,
        { flags: ['FIELDS_IGNORED'] },
      ],
    ),
    ...['null', '""', '" \\ufeff"'].flatMap((value): Row[] => [
      [p({ photo: value }), { flags: [] }],
      [p({ name: value, x: value }), { flags: [] }],
    ]),
    ...['[]', '{}', 'false', '0'].map(
      (value): Row => [
        p({ photo: value, pin: value, x: value }),
        { flags: ['BIOMETRIC_DROPPED', 'PERSONAL_DROPPED', 'FIELDS_IGNORED'] },
      ],
    ),
  ]
  expect(await differences({}, rows)).toEqual([])

  const attributes: Row[] = [
    [p({ a: '"x"', b: '1.50', __x: 'true' }), { flags: ['FIELDS_IGNORED'], attributes: { a: 'x', b: '1.50' } }],
    [p({ a: '" x "' }), { flags: [], attributes: { a: ' x ' } }],
    [p({ a: s('é'.repeat(257)) }), { flags: [], attributes: { a: 'é'.repeat(256) } }],
    [p({ a: s('😀'.repeat(257)) }), { attributes: { a: '😀'.repeat(256) } }],
    [p({ a: '"\\ud800x\\u0000"' }), { attributes: { a: '\ufffdx\0' } }],
    [p({ a: '{}' }), { flags: ['FIELDS_IGNORED'], attributes: {} }],
    [p({ a: '[]' }), { flags: ['FIELDS_IGNORED'], attributes: {} }],
    [p({ a: '""' }), { flags: [], attributes: {} }],
    [p({ a: 'null' }), { flags: [], attributes: {} }],
    [p({ a: 'false' }), { flags: [], attributes: { a: 'false' } }],
    [p({ A: '1' }), { flags: ['FIELDS_IGNORED'], attributes: {} }],
    [p({ photo: '1', Pin: '2' }), { flags: ['BIOMETRIC_DROPPED', 'PERSONAL_DROPPED'], attributes: {} }],
    [p({ userId: '"2"' }), { flags: ['FIELDS_IGNORED'], attributes: {} }],
    [p({ work_code: '"2"' }), { workCode: '2', flags: [], attributes: {} }],
    [
      `{"user_id":"1","att_time":1782014400,"att_state":0,"__proto__":"y","constructor":"z"}`,
      { flags: [], attributes: JSON.parse('{"__proto__":"y","constructor":"z"}') },
    ],
    [p({ USERID: '"2"' }), { flags: [], attributes: { USERID: '2' } }],
    [p({ redacted: '"2"' }), { flags: [], attributes: { redacted: '2' } }],
  ]
  const settings = {
    attendance: {
      attributes: ['a', 'b', 'photo', 'Pin', 'userId', 'work_code', '__proto__', 'constructor', 'USERID', 'redacted'],
    },
    deadLetter: { redact: ['redacted'] },
  }
  expect(await differences({ settings }, attributes)).toEqual([])
})

test('pseudonyms', async () => {
  const key = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
  const P = '3e90092b132311bb58ba754265a6f0df'
  const settings = {
    attendance: { pseudonym: { key, keyVersion: 3 }, attributes: ['USERID', 'user-id'] },
    devices: [{ deviceSn: 'SN7A2300583', timeZone: 'Asia/Kolkata' }],
  }
  const rows: Row[] = [
    [p({ user_id: '"1001"' }), { userId: P, userIdKeyVersion: 3, flags: [] }],
    [p({ user_id: '1001.0' }), { userId: P, userIdKeyVersion: 3, flags: ['USER_ID_NUMERIC', 'USER_ID_COERCED'] }],
    [
      {
        topic: 'api/mqtt/v1/SN7A2300583/evt',
        payload: p({ user_id: '" 1001"', att_time: '"2026-06-21 09:30:00"', att_state: '1' }),
      },
      { eventId: 'a4a52b3c-4f2c-5931-8a31-2b9befab6568', userId: P },
    ],
    ...['USERID', 'user-id', 'User_Id', 'userid'].map(
      (name): Row => [p({ [name]: '"5"' }), { flags: ['PERSONAL_DROPPED'], attributes: {} }],
    ),
    ...['userId', 'UserId', 'UserID'].map((name): Row => [p({ [name]: '"5"' }), { flags: ['FIELDS_IGNORED'] }]),
    ...['userId', 'user_id', 'USERID'].map(
      (name): Row => [
        { topic: 'api/mqtt/v1/SN1/st', payload: `{"online":true,"${name}":"5"}` },
        { flags: ['PERSONAL_DROPPED'] },
      ],
    ),
  ]
  expect(await differences({ settings }, rows)).toEqual([])
  const off: Row[] = [
    [{ topic: 'api/mqtt/v1/SN1/st', payload: '{"online":true,"user_id":"5"}' }, { flags: ['FIELDS_IGNORED'] }],
  ]
  expect(await differences({ settings: { deadLetter: { redact: ['userid'] } } }, off)).toEqual([])
})
